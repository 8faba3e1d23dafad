// The crash points of one operation: `bun tests/mutants/crash.ts OPERATION`. Exit 8 when one leaves half of it.
import { tryOperation } from "../proof/crash-points.ts";

const { faults } = await tryOperation(process.argv[2]!);
for (const fault of faults) console.log(`crash point: ${fault}`);
process.exit(faults.length > 0 ? 8 : 0);
