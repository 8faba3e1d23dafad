// Histories: clients of all kinds do all that the bus can do, while they are killed and stopped, and what they were told
// is held against each other and against what lies in the database at the end.
import { faultsIn, reportOf } from "../history/check.ts";
import { tellHistory } from "../history/run-history.ts";
import { type Kind, shapeOf } from "../history/shape.ts";
import type { Proof } from "./proof.ts";
import { type Random, randomOf } from "./random.ts";

export const history: Proof = {
  name: "history",
  summary:
    "whatever the clients of a bus do, and whoever of them is killed, it keeps what it promises",
  count: 200_000,
  quick: 50_000,
  unit: "calls",
  async run({ count, random, executable, progress }) {
    const faults: string[] = [];
    const sums = { calls: 0, kills: 0, runs: 0 };
    const runs = plansFor(count, random);
    const left = runs.values();
    const tellSome = async () => {
      for (const { kind, operations, seed } of left) {
        if (faults.length > 0) return;
        progress(`${sums.calls} calls, ${sums.kills} kills; now a ${kind} run, seed ${seed}`);
        const again = `bun tests/history/run.ts ${kind} ${operations} ${seed}`;
        try {
          const shape = shapeOf(kind, operations, randomOf(seed));
          const { history, kills } = await tellHistory(shape, seed, [executable]);
          for (const report of reportOf(history, faultsIn(history)))
            faults.push(`${again}: ${report}`);
          sums.calls += history.calls.length;
          sums.kills += kills;
          sums.runs++;
        } catch (error) {
          faults.push(`${again}: ${(error as Error).message}`);
        }
      }
    };
    // Much of a run is waiting, so others go on meanwhile.
    await Promise.all(Array.from({ length: atOnce }, tellSome));
    const { calls, kills } = sums;
    // Whoever dies takes its last call along; that is not a tenth of all.
    if (faults.length === 0 && calls < 0.9 * count)
      faults.push(`${calls} calls of ${count} were made or are on record`);
    if (faults.length === 0 && kills < Math.floor(calls / callsPerKill))
      faults.push(`${kills} kills in ${calls} calls are too few to say much`);
    return { faults, figures: `${calls} calls in ${sums.runs} runs, ${kills} kills` };
  },
};

// With one client or two order is easily seen to be wrong, and with hundreds everything else.
const kinds: readonly Kind[] = [
  ...(["crowd", "few", "lone", "few", "crowd"] as const),
  ...(["lone", "few", "crowd", "few", "lone"] as const),
];
const atOnce = 3;
const operationsMax = 10_000;
const callsPerKill = 1_000;

/** Runs that make `count` calls in all: of every kind, however few that are. */
export function plansFor(
  count: number,
  random: Random,
): { kind: Kind; operations: number; seed: number }[] {
  const runs = Math.max(kinds.length, Math.ceil(count / operationsMax));
  const operations = Math.ceil(count / runs);
  return Array.from({ length: runs }, (_, n) => ({
    kind: kinds[n % kinds.length]!,
    operations,
    seed: random.whole(1, 2 ** 31),
  }));
}
