// Hunts mutants: `bun tests/mutants/run.ts [NAME...]`, all of them without a name. Exit 8 when one is not caught.
import { randomOf } from "../proof/random.ts";
import { all } from "./all.ts";
import { hunt } from "./hunt.ts";

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => process.exit(130));

const words = process.argv.slice(2);
const chosen = all.filter(({ name }) => words.length === 0 || words.includes(name));
const random = randomOf(Math.floor(Math.random() * 2 ** 31));
let caught = 0;
for (const mutant of chosen) {
  const { by, problem, runs, ms } = await hunt(mutant, random);
  if (by !== undefined) caught++;
  const how = by ?? `NOT CAUGHT${problem === undefined ? "" : `: ${problem}`}`;
  console.log(`${mutant.name}: ${how} (${runs} runs, ${(ms / 1_000).toFixed(1)} s)`);
}
console.log(`${caught} of ${chosen.length} mutants caught`);
process.exit(caught === chosen.length && caught > 0 ? 0 : 8);
