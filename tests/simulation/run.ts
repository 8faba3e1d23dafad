// Simulates the bus: `bun tests/simulation/run.ts [--seed N] [--seeds N]`, one seed after the other from that one on; alone, one of chance.
// Exit 8, with the shortest story that shows it, when something breaks.
import { parseArgs } from "node:util";
import { search, tell } from "./search.ts";

const { values } = parseArgs({ options: { seed: { type: "string" }, seeds: { type: "string" } } });
const first = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
const count = Number(values.seeds ?? 1);
if (!Number.isSafeInteger(first) || !(count >= 1)) {
  console.error("usage: bun tests/simulation/run.ts [--seed N] [--seeds N], whole numbers");
  process.exit(2);
}
const startMs = performance.now();
const { found, seeds, steps } = await search(Array.from({ length: count }, (_, n) => first + n));
const us = Math.round(((performance.now() - startMs) * 1_000) / Math.max(1, steps));
if (found !== undefined) console.log(`simulation: ${tell(found)}`);
console.log(`${seeds} seeds from ${first} on, ${steps} steps of ${us} µs`);
process.exit(found === undefined ? 0 : 8);
