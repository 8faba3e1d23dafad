// What metrics cost a swarm at work: two do the same work side by side, one with them on and one with them off. In turn they would
// be measured on two machines, where one is shared: it may be twice as fast in one minute as in the next. Where a run is shorter
// than the time between two samples, sampling is more frequent than by default, so that each has some.
import { join } from "node:path";
import { buildIfStale, executablePath } from "../bin/build.ts";
import type { App } from "../src/app.ts";
import { sendBatch } from "../src/bus/send.ts";
import { elapsedMs, sleep } from "../src/core/clock.ts";
import { isSkepError } from "../src/core/errors.ts";
import { bytesOf } from "../src/core/text.ts";
import { untilReady } from "../tests/proof/crowd.ts";
import { inPlace } from "../tests/proof/place.ts";
import type { Bench } from "./bench.ts";
import { type Figure, lowerBound } from "./figure.ts";
import { treeCpuMs } from "./tree.ts";

const doneWithinMs = 180_000;

const programs = join(import.meta.dir, "programs");

interface Case {
  agents: number;
  group: object;
  /** For how long messages are sent, how many lie there at once, and by how much oftener than every 10 s metrics are sampled meanwhile. */
  forMs: number;
  atOnce: number;
  times: number;
}

const one: Case = {
  agents: 1,
  group: { runner: "module", module: join(programs, "answer.ts") },
  forMs: 2_000,
  atOnce: 1_000,
  times: 10,
};
const hundred: Case = {
  agents: 100,
  group: { runner: "stream", command: ["sh", join(programs, "answer.sh")] },
  forMs: 25_000,
  atOnce: 400,
  times: 1,
};

/** What one swarm came to. */
interface Run {
  perSecond: number;
  /** Of all its processes. */
  cpuUs: number;
}

interface Pair {
  on: Run;
  off: Run;
}

export const metricsCostOfOne = benchOf("metrics-cost-1", one, "1 agent");
export const metricsCostOfHundred = benchOf("metrics-cost-100", hundred, "100 agents");

function benchOf(name: string, each: Case, whom: string): Bench {
  return {
    name,
    summary: `messages sent to ${whom} for ${each.forMs / 1e3} s: metrics on, sampled every ${10 / each.times} s (10 by default), against off, side by side`,
    async run({ rounds, small, say }) {
      if (await buildIfStale()) say("dist/skep was out of date and is built anew");
      const pairs: Pair[] = [];
      for (let round = 1; round <= rounds; round++) {
        say(`round ${round} of ${rounds}`);
        const least = { ...each, agents: Math.min(3, each.agents), forMs: 1_000, atOnce: 20 };
        pairs.push(await measurePair(small ? least : each, round % 2 === 0));
      }
      return figuresOf(pairs);
    },
  };
}

function figuresOf(pairs: readonly Pair[]): Figure[] {
  const of = (which: keyof Pair, what: keyof Run) => pairs.map((pair) => pair[which][what]);
  const ratios = pairs.map(({ on, off }) => on.perSecond / off.perSecond);
  return [
    {
      name: "done",
      unit: "msg/s",
      wanted: "more",
      ours: of("on", "perSecond"),
      reference: { name: "off", values: of("off", "perSecond") },
    },
    {
      name: "that ratio, lower bound (95 %)",
      unit: "×",
      wanted: "more",
      ours: [lowerBound(ratios)],
      target: { of: "value", limit: 0.97 },
    },
    {
      name: "processor time of a message",
      unit: "µs",
      wanted: "less",
      ours: of("on", "cpuUs"),
      reference: { name: "off", values: of("off", "cpuUs") },
      target: { of: "ratio", limit: 1.01 },
    },
  ];
}

/** Both at once; which of them is up first changes. */
async function measurePair(one: Case, onFirst: boolean): Promise<Pair> {
  const [on, off] = [`${10_000 / one.times}ms`, "0s"];
  let runs: Run[] = [];
  const faults = await inSwarm(one, onFirst ? on : off, (first) =>
    inSwarm(one, onFirst ? off : on, async (second) => {
      runs = await Promise.all([first, second].map((swarm) => work(swarm, one)));
      return [];
    }),
  );
  const [first, second] = runs;
  if (first === undefined || second === undefined || faults.length > 0)
    throw new Error(faults.join("\n"));
  return onFirst ? { on: first, off: second } : { on: second, off: first };
}

interface Swarm {
  app: App;
  /** Its topmost process. */
  pid: number;
}

/** Has `use` done while such a swarm is up. */
async function inSwarm(
  { agents, group }: Case,
  sampleEvery: string,
  use: (swarm: Swarm) => Promise<string[]>,
): Promise<string[]> {
  // The governor would have one rest while the other works.
  const settings = `[bus]\ninbox_cap = 1000000\n[governor]\nmode = "off"\n[metrics]\nsample_every = "${sampleEvery}"\n`;
  return await inPlace({ executable: executablePath, settings }, async (place) => {
    const swarm = { name: "cost", agents: { a: { ...group, count: agents } } };
    const { pid } = await place.start(["up", place.file(swarm)]);
    await untilReady(place, agents);
    const faults = await use({ app: place.app, pid });
    const { code, stderr } = await place.skep(["down"]);
    return code === 0 ? faults : [...faults, `skep down ended with ${code}: ${stderr}`];
  });
}

/** Sends messages to the agents in turn for the time of `one`, as many as are acked: what they come to in that time. */
async function work({ app, pid }: Swarm, { agents, forMs, atOnce }: Case): Promise<Run> {
  const how = { from: null, onFull: "fail", atomic: false, timeoutMs: 0 } as const;
  const body = bytesOf("x".repeat(256));
  const query = "select sum(acked) as acked from ledger";
  const ackedSoFar = async () =>
    (await app.store.read((tx) => tx.get<{ acked: number }>(query)))!.acked;
  const [fromMs, fromCpuMs] = [elapsedMs(), treeCpuMs(pid)];
  let sent = 0;
  let acked = 0;
  const throwWhenLate = () => {
    if (elapsedMs() - fromMs > forMs + doneWithinMs) throw new Error("not all messages were acked");
  };
  // Of none there is nothing to be measured, which a busy machine comes to in a short time.
  while (elapsedMs() - fromMs < forMs || !(acked > 0)) {
    throwWhenLate();
    const room = atOnce - (sent - acked);
    // In few writes, for it is the agents that are to be measured.
    if (room >= atOnce / 4) {
      const batch = Array.from({ length: room }, () => ({
        to: `a-${(sent++ % agents) + 1}`,
        body,
      }));
      for (const outcome of await sendBatch(app.bus, batch, how))
        if (isSkepError(outcome)) throw outcome;
    }
    await sleep(5);
    acked = await ackedSoFar();
  }
  const [tookMs, tookCpuMs] = [elapsedMs() - fromMs, treeCpuMs(pid) - fromCpuMs];
  const run = { perSecond: (acked / tookMs) * 1e3, cpuUs: (tookCpuMs / acked) * 1e3 };
  // The rest is done after the time, and not measured.
  while (acked < sent) {
    throwWhenLate();
    await sleep(20);
    acked = await ackedSoFar();
  }
  return run;
}
