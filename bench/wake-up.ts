// How soon a message is there when its receiver waits, and what waiting costs while nothing comes.
import { readFileSync } from "node:fs";
import { sleep } from "../src/core/clock.ts";
import type { Bench } from "./bench.ts";
import { type Figure, percentile } from "./figure.ts";
import { type Program, bundlePrograms, endCrowd, startCrowd } from "./programs.ts";
import { withCrowd } from "./waiters.ts";

const crowds = [
  { count: 20, p50Ms: 0.8, p99Ms: 3 },
  { count: 100, p99Ms: 5 },
];

const idlers = [
  { count: 100, percent: 8 },
  { count: 708, percent: 35 },
];

export const wakeUp: Bench = {
  name: "wake-up",
  summary:
    "from before a send until a waiting process has the message; processor time of those who wait in vain",
  async run({ rounds, small, say }) {
    const figures: Figure[] = [];
    for (const { count, p50Ms, p99Ms } of crowds) {
      const processes = small ? Math.ceil(count / 10) : count;
      const byRound: number[][] = [];
      await withCrowd(processes, async ({ inboxes, send, settled }) => {
        for (let round = 1; round <= rounds; round++) {
          say(`${processes} processes, round ${round} of ${rounds}`);
          for (let i = 0; i < (small ? 5 : 500); i++) {
            await send([inboxes[Math.floor(Math.random() * inboxes.length)]!]);
            await sleep(5 + Math.random() * 30);
          }
          byRound.push((await settled()).flatMap((report) => report.latenciesMs));
        }
      });
      const figure = (name: string, share: number, limit: number | undefined): Figure => ({
        name: `${count} processes, ${name}`,
        unit: "ms",
        wanted: "less",
        ours: byRound.map((latencies) => percentile(latencies, share)),
        ...(limit === undefined ? {} : { target: { of: "value", limit } }),
      });
      figures.push(figure("p50", 0.5, p50Ms), figure("p99", 0.99, p99Ms));
    }
    for (const { count, percent } of idlers) {
      const processes = small ? Math.ceil(count / 100) : count;
      const seconds = small ? 0.2 : 20;
      say(`${processes} idle processes for ${seconds} s`);
      const ours = await withCrowd(processes, ({ programs }) => percentOfCore(programs, seconds));
      await bundlePrograms("idle");
      const bare = await startCrowd(processes, "idle", () => []);
      const values = [await percentOfCore(bare, seconds)];
      await endCrowd(bare);
      figures.push({
        name: `${count} idle processes`,
        unit: "% of a core",
        wanted: "less",
        ours: [ours],
        reference: { name: "bare Bun processes", values },
        target: { of: "value", limit: percent },
      });
    }
    return figures;
  },
};

/** How much of one core `programs` together take for so many seconds from now, once they have come to rest. */
async function percentOfCore(programs: readonly Program[], seconds: number): Promise<number> {
  await sleep(seconds * 250);
  const before = processorMs(programs);
  await sleep(seconds * 1000);
  return (processorMs(programs) - before) / (seconds * 10);
}

function processorMs(programs: readonly Program[]): number {
  // Fields 14 and 15 of stat, in ticks of 10 ms; the name before them may hold spaces.
  return programs.reduce((sum, { pid }) => {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return sum + (Number(fields[11]) + Number(fields[12])) * 10;
  }, 0);
}
