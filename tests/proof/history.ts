// Histories: clients of all kinds do all that the bus can do, while they are killed and stopped, and what they were told
// is held against each other and against what lies in the database at the end.
import { faultsIn, reportOf } from "../history/check.ts";
import { tellHistory } from "../history/run-history.ts";
import { type Kind, shapeOf } from "../history/shape.ts";
import type { Proof } from "./proof.ts";
import { randomOf } from "./random.ts";

export const history: Proof = {
  name: "history",
  summary:
    "whatever the clients of a bus do, and whoever of them is killed, it keeps what it promises",
  count: 50_000,
  quick: 1_500,
  unit: "calls",
  async run({ count, random, executable, progress }) {
    const faults: string[] = [];
    const sums = { calls: 0, kills: 0, runs: 0 };
    while (sums.calls < count && faults.length === 0) {
      const seed = random.whole(1, 2 ** 31);
      const kind = kinds[sums.runs++ % kinds.length]!;
      const operations = Math.min(count - sums.calls, sizeFor(count));
      progress(`${sums.calls} calls, ${sums.kills} kills; now a ${kind} run, seed ${seed}`);
      const shape = shapeOf(kind, operations, randomOf(seed));
      const { history, kills } = await tellHistory(shape, seed, [executable]);
      const again = `bun tests/history/run.ts ${kind} ${operations} ${seed}`;
      for (const report of reportOf(history, faultsIn(history))) faults.push(`${again}: ${report}`);
      sums.calls += history.calls.length;
      sums.kills += kills;
    }
    const { calls, kills, runs } = sums;
    return { faults, figures: `${calls} calls in ${runs} runs, ${kills} kills` };
  },
};

// With one client or two order is easily seen to be wrong, and with hundreds everything else.
const kinds: readonly Kind[] = [
  ...(["lone", "few", "crowd", "few", "lone"] as const),
  ...(["crowd", "few", "lone", "crowd", "few"] as const),
];

function sizeFor(count: number): number {
  return Math.min(10_000, Math.max(1_500, Math.ceil(count / kinds.length)));
}
