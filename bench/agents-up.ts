// A swarm from nothing until each of its agents has answered a message, and the memory that it takes then.
import { join } from "node:path";
import { buildIfStale, executablePath } from "../bin/build.ts";
import { sendBatch } from "../src/bus/send.ts";
import { elapsedMs, sleep } from "../src/core/clock.ts";
import { bytesOf } from "../src/core/text.ts";
import { type Place, inPlace } from "../tests/proof/place.ts";
import type { Bench } from "./bench.ts";
import type { Figure } from "./figure.ts";
import { processTree, textOf } from "./tree.ts";

const answers = "answers";
const upWithinMs = 180_000;

const programs = join(import.meta.dir, "programs");
const module = { runner: "module", module: join(programs, "answer.ts") };
const stream = { runner: "stream", command: ["sh", join(programs, "answer.sh")] };

interface Case {
  name: string;
  agents: number;
  group: object;
  msMax?: number;
  mbMax?: number;
}

const manyModules = { name: "708 modules in a pool", agents: 708, msMax: 700, mbMax: 150 };
const cases = {
  streams: { name: "100 streams", agents: 100, group: stream, msMax: 2_000 },
  modules: { name: "100 modules", agents: 100, group: module },
  pooled: { name: "100 modules in a pool", agents: 100, group: { ...module, pool: true } },
  pooled500: {
    name: "500 modules in a pool",
    agents: 500,
    group: { ...module, pool: true },
    msMax: 500,
  },
  pooled708: { ...manyModules, group: { ...module, pool: true } },
  streams708: { name: "708 streams", agents: 708, group: stream, msMax: 12_000, mbMax: 2_400 },
  pooledStreams708: {
    name: "708 streams in a pool",
    agents: 708,
    group: { ...stream, pool: true },
    msMax: 6_000,
  },
} satisfies Record<string, Case>;
type Name = keyof typeof cases;

/** What became of one swarm: ms until all had answered, and MB (10⁶ bytes, PSS) of all its processes then. */
interface Up {
  ms: number;
  mb: number;
}

export const agentsUp: Bench = {
  name: "agents-up",
  summary:
    "skep up until each agent has answered one message, and what all processes of the swarm take then (PSS: what they share is counted once)",
  async run({ rounds, small, say }) {
    if (await buildIfStale()) say("dist/skep was out of date and is built anew");
    const measured: Record<Name, Up>[] = [];
    for (let round = 1; round <= rounds; round++) {
      const ups: [string, Up][] = [];
      for (const [name, one] of Object.entries(cases)) {
        say(`round ${round} of ${rounds}: ${one.name}`);
        ups.push([name, await bringUp(small ? { ...one, agents: 3 } : one)]);
      }
      measured.push(Object.fromEntries(ups) as Record<Name, Up>);
    }
    return figures(measured);
  },
};

function figures(measured: Record<Name, Up>[]): Figure[] {
  const all = Object.entries(cases) as [Name, Case][];
  const of = (name: Name, what: keyof Up) => measured.map((round) => round[name][what]);
  const limited = (limit: number | undefined) =>
    limit === undefined ? {} : { target: { of: "value", limit } as const };
  return [
    ...all.map(([name, one]): Figure => ({
      name: `${one.name}: up`,
      unit: "ms",
      wanted: "less",
      ours: of(name, "ms"),
      ...limited(one.msMax),
    })),
    {
      name: "100 modules, each in a process",
      unit: "ms",
      wanted: "more",
      ours: of("modules", "ms"),
      reference: { name: "in a pool", values: of("pooled", "ms") },
      target: { of: "ratio", limit: 5 },
    },
    ...all
      .filter(([, one]) => one.mbMax !== undefined)
      .map(([name, one]): Figure => ({
        name: `${one.name}: memory`,
        unit: "MB",
        wanted: "less",
        ours: of(name, "mb"),
        ...limited(one.mbMax),
      })),
  ];
}

async function bringUp({ agents, group }: Case): Promise<Up> {
  let up: Up | undefined;
  const faults = await inPlace({ executable: executablePath, settings: "" }, async (place) => {
    up = await measureUp(place, agents, group);
    const { code, stderr } = await place.skep(["down"]);
    return code === 0 ? [] : [`skep down ended with ${code}: ${stderr}`];
  });
  if (up === undefined || faults.length > 0) throw new Error(faults.join("\n"));
  return up;
}

async function measureUp(place: Place, agents: number, group: object): Promise<Up> {
  const names = Array.from({ length: agents }, (_, index) => `a-${index + 1}`);
  await place.makeInboxes(answers, ...names);
  const each = names.map((to) => ({ to, body: bytesOf("x"), replyTo: answers }));
  for (let from = 0; from < agents; from += 100)
    await sendBatch(place.app.bus, each.slice(from, from + 100), {
      from: null,
      onFull: "fail",
      atomic: false,
      timeoutMs: 0,
    });
  const file = place.file({ name: "up", agents: { a: { ...group, count: agents } } });
  const startMs = elapsedMs();
  const { pid } = await place.start(["up", file]);
  while ((await answersIn(place)) < agents) {
    if (elapsedMs() - startMs > upWithinMs) throw new Error(`${agents} agents did not answer`);
    await sleep(5);
  }
  return { ms: elapsedMs() - startMs, mb: treeMb(pid) };
}

async function answersIn({ app }: Place): Promise<number> {
  const query = "select ready from ledger where inbox = $inbox";
  const row = await app.store.read((tx) => tx.get<{ ready: number }>(query, { inbox: answers }));
  return row?.ready ?? 0;
}

/** MB of `root` and all below it, each page that several of them share counted once. */
function treeMb(root: number): number {
  let kb = 0;
  for (const pid of processTree(root))
    kb += Number(/^Pss:\s+(\d+) kB/m.exec(textOf(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0);
  return (kb * 1_024) / 1e6;
}
