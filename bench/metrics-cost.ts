// What metrics cost a swarm at work: the same work is done with them on and off in turn. Sampling is more frequent here than
// by default, so that each of the short runs has some.
import { join } from "node:path";
import { buildIfStale, executablePath } from "../bin/build.ts";
import { sendBatch } from "../src/bus/send.ts";
import { elapsedMs, sleep } from "../src/core/clock.ts";
import { isSkepError } from "../src/core/errors.ts";
import { bytesOf } from "../src/core/text.ts";
import { untilReady } from "../tests/proof/crowd.ts";
import { type Place, inPlace } from "../tests/proof/place.ts";
import type { Bench } from "./bench.ts";
import { type Figure, lowerBound } from "./figure.ts";
import { treeCpuMs } from "./tree.ts";

const doneWithinMs = 60_000;

const programs = join(import.meta.dir, "programs");

interface Case {
  agents: number;
  group: object;
  /** How many messages are sent, and by how much oftener than every 10 s metrics are sampled meanwhile. */
  messages: number;
  times: number;
}

const one: Case = {
  agents: 1,
  group: { runner: "module", module: join(programs, "answer.ts") },
  messages: 4_000,
  times: 10,
};
const hundred: Case = {
  agents: 100,
  group: { runner: "stream", command: ["sh", join(programs, "answer.sh")] },
  messages: 2_500,
  times: 5,
};

/** What one run came to. */
interface Run {
  perSecond: number;
  /** Of all processes of the swarm and of who sends. */
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
    summary: `messages sent to ${whom} until all are acked: metrics on, sampled ${each.times} times as often as by default, against off`,
    async run({ rounds, small, say }) {
      if (await buildIfStale()) say("dist/skep was out of date and is built anew");
      const pairs: Pair[] = [];
      for (let round = 1; round <= rounds; round++) {
        say(`round ${round} of ${rounds}`);
        const least = { ...each, agents: Math.min(3, each.agents), messages: 100 };
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

/** One run of each; which comes first changes, for the second finds the machine as the first left it. */
async function measurePair(one: Case, onFirst: boolean): Promise<Pair> {
  const sampleEvery = `${10_000 / one.times}ms`;
  if (onFirst) return { on: await measure(one, sampleEvery), off: await measure(one, "0s") };
  const off = await measure(one, "0s");
  return { off, on: await measure(one, sampleEvery) };
}

async function measure({ agents, group, messages }: Case, sampleEvery: string): Promise<Run> {
  const settings = `[bus]\ninbox_cap = 1000000\n[metrics]\nsample_every = "${sampleEvery}"\n`;
  let run: Run | undefined;
  const faults = await inPlace({ executable: executablePath, settings }, async (place) => {
    const swarm = { name: "cost", agents: { a: { ...group, count: agents } } };
    const { pid } = await place.start(["up", place.file(swarm)]);
    await untilReady(place, agents);
    run = await work(place, pid, agents, messages);
    const { code, stderr } = await place.skep(["down"]);
    return code === 0 ? [] : [`skep down ended with ${code}: ${stderr}`];
  });
  if (run === undefined || faults.length > 0) throw new Error(faults.join("\n"));
  return run;
}

/** Sends `messages` to the agents in turn, and waits until all are acked. */
async function work(place: Place, pid: number, agents: number, messages: number): Promise<Run> {
  const { app } = place;
  const cpuMs = () => {
    const { user, system } = process.cpuUsage();
    return treeCpuMs(pid) + (user + system) / 1e3;
  };
  const [fromMs, fromCpuMs] = [elapsedMs(), cpuMs()];
  const each = Array.from({ length: messages }, (_, n) => ({
    to: `a-${(n % agents) + 1}`,
    body: bytesOf("x".repeat(256)),
  }));
  const how = { from: null, onFull: "fail", atomic: false, timeoutMs: 0 } as const;
  for (let from = 0; from < messages; from += 500)
    for (const outcome of await sendBatch(app.bus, each.slice(from, from + 500), how))
      if (isSkepError(outcome)) throw outcome;
  const query = "select sum(acked) as acked from ledger";
  const acked = async () => (await app.store.read((tx) => tx.get<{ acked: number }>(query)))!.acked;
  while ((await acked()) < messages) {
    if (elapsedMs() - fromMs > doneWithinMs) throw new Error("not all messages were acked");
    await sleep(5);
  }
  const [tookMs, tookCpuMs] = [elapsedMs() - fromMs, cpuMs() - fromCpuMs];
  return { perSecond: (messages / tookMs) * 1e3, cpuUs: (tookCpuMs / messages) * 1e3 };
}
