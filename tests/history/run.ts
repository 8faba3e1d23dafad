// One run alone: `bun tests/history/run.ts KIND COUNT [SEED] [SHAPE]`. KIND is lone, few or crowd, and SHAPE as JSON what is
// to be otherwise than chance has it. Exit 8 when a promise is broken.
import { randomOf } from "../proof/random.ts";
import { faultsIn, reportOf } from "./check.ts";
import { tellHistory } from "./run-history.ts";
import { type Kind, shapeOf } from "./shape.ts";

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => process.exit(130));

const [kind = "few", count = "2000", word, other = "{}"] = process.argv.slice(2);
const seed = word === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(word);
const shape = { ...shapeOf(kind as Kind, Number(count), randomOf(seed)), ...JSON.parse(other) };
console.log(`seed ${seed}: ${JSON.stringify(shape)}`);
const skep = [process.execPath, `${import.meta.dir}/../../bin/skep.ts`];
const startMs = performance.now();
const { history, kills } = await tellHistory(shape, seed, shape.commands > 0 ? skep : undefined);
const faults = faultsIn(history);
for (const report of reportOf(history, faults)) console.log(report);
const seconds = ((performance.now() - startMs) / 1_000).toFixed(1);
console.log(`${history.calls.length} calls, ${kills} kills, ${faults.length} faults, ${seconds} s`);
process.exit(faults.length > 0 ? 8 : 0);
