// Down is quick, and leaves nothing open: whatever was in flight is settled or parked soon after the slowest has finished.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { sendBatch } from "../../src/bus/send.ts";
import { bytesOf } from "../../src/core/text.ts";
import { elapsedMs, sleep } from "../../src/core/clock.ts";
import { crowdSettings, program, untilReady } from "./crowd.ts";
import { limitBeside, lookMs } from "./least.ts";
import { type Place, inPlace } from "./place.ts";
import type { Proof, ProofOptions } from "./proof.ts";

const beyondMs = 1_000;
const largeMs = 5_000;
const flyWithinMs = 600_000;

/** A swarm to take down, each of whose agents has `inFlight` messages in flight and others besides. */
export interface Case {
  what: string;
  agents: number;
  group: object;
  inFlight: number;
  waiting: number;
}

export const processes: Case = {
  what: "100 processes",
  agents: 100,
  group: { runner: "stream", command: program("waits.sh"), in_flight: 10 },
  inFlight: 10,
  waiting: 5,
};

export const modules: Case = {
  what: "708 modules in a pool",
  agents: 708,
  group: { runner: "module", module: join(import.meta.dir, "programs", "waits.ts"), pool: 8 },
  inFlight: 1,
  waiting: 1,
};

const streams: Case = {
  ...modules,
  what: "708 stream programs in a pool",
  group: { runner: "stream", command: program("waits.sh"), pool: 8 },
};

/** How long a `skep down` took, and how much of that after the last message was settled. */
export interface Down {
  downMs: number;
  beyondMs: number;
  /** How long a command that only looks took before and after. */
  looksMs: readonly number[];
}

export const downs: Proof = {
  name: "downs",
  summary: `100 agents with 10 messages each in flight are down within ${beyondMs} ms of the last of them, 708 in a pool within ${largeMs} ms, or longer where the machine is slow`,
  count: 3,
  quick: 1,
  unit: "rounds",
  async run(options) {
    const faults: string[] = [];
    const figures: string[] = [];
    // A pool of programs takes as long to start as all the rest.
    const cases = options.count > 1 ? [processes, modules, streams] : [processes, modules];
    for (let round = 1; round <= options.count; round++)
      for (const one of cases) {
        options.progress(`round ${round} of ${options.count}: ${one.what}`);
        const { down, faults: found } = await takeDown(one, options);
        faults.push(...found);
        if (down === undefined) continue;
        const isLarge = one.agents > 100;
        const limitMs = limitBeside(down.looksMs, isLarge ? largeMs : beyondMs);
        if ((isLarge ? down.downMs : down.beyondMs) > limitMs)
          faults.push(`${one.what}: down took too long`);
        figures.push(
          `${one.what} ${down.downMs.toFixed(0)} ms, ${down.beyondMs.toFixed(0)} of them beyond the last`,
        );
      }
    return { faults, figures: figures.join("; ") };
  },
};

/** Takes a swarm down while all that its agents can hold is in flight. */
export async function takeDown(
  one: Case,
  { executable }: Pick<ProofOptions, "executable">,
): Promise<{ down: Down | undefined; faults: string[] }> {
  let down: Down | undefined;
  const faults = await inPlace({ executable, settings: crowdSettings }, async (place) => {
    const ended = await measureDown(place, one);
    down = ended.down;
    return ended.faults;
  });
  return { down, faults };
}

async function measureDown(place: Place, { agents, group, inFlight, waiting }: Case) {
  const go = join(place.directory, "go");
  const env = ["PATH", "HOME", { GO: go }];
  const file = place.file({ name: "downs", agents: { a: { ...group, env, count: agents } } });
  const up = await place.start(["up", file]);
  await untilReady(place, agents);
  const names = Array.from({ length: agents }, (_, index) => `a-${index + 1}`);
  const each = names.map((to) => ({ to, body: bytesOf("x") }));
  const patient = { timeoutMs: flyWithinMs, timeoutForLock: true };
  const options = { from: null, onFull: "fail", atomic: false, ...patient } as const;
  for (let round = 0; round < inFlight + waiting; round++)
    for (let from = 0; from < agents; from += 100)
      await sendBatch(place.app.bus, each.slice(from, from + 100), options);
  await untilLeased(place, agents * inFlight);

  const looksMs = [await lookMs(place)];
  const startMs = elapsedMs();
  // As long as it takes: what was not settled in time would be parked, and is counted below.
  const down = place.skep(["down", "--json", "--timeout", "30m"]);
  // One that fails takes nothing down.
  let isOver = false;
  const end = () => (isOver = true);
  void down.then(end, end);
  while (!isOver && (await place.app.lastRun())?.state === "running") await sleep(5);
  writeFileSync(go, "");
  const { code, stdout, stderr } = await down;
  const downMs = elapsedMs() - startMs;
  const endedAt = Date.now();
  if (code !== 0) return { down: undefined, faults: [`skep down ended with ${code}: ${stderr}`] };
  looksMs.push(await lookMs(place));
  const upExit = await up.finished;
  const { parked, conservation } = JSON.parse(stdout);
  const { acked, lastAt } = await ackedIn(place);
  const faults: string[] = [];
  if (upExit.code !== 0) faults.push(`skep up ended with ${upExit.code}: ${up.stderr()}`);
  const sums = { acked, parked, live: conservation.live, holds: conservation.holds };
  const [done, left] = [agents * inFlight, agents * waiting];
  const wanted = { acked: done, parked: left, live: left, holds: true };
  if (JSON.stringify(sums) !== JSON.stringify(wanted))
    faults.push(`${JSON.stringify(sums)} and not ${JSON.stringify(wanted)}`);
  return { down: { downMs, beyondMs: endedAt - lastAt, looksMs }, faults };
}

async function untilLeased({ app }: Place, wanted: number): Promise<void> {
  const endMs = elapsedMs() + flyWithinMs;
  while (elapsedMs() < endMs) {
    const row = await app.store.read((tx) =>
      tx.get<{ leased: number }>("select sum(leased) as leased from ledger"),
    );
    if (row!.leased === wanted) return;
    await sleep(20);
  }
  throw new Error(`${wanted} messages were not in flight within ${flyWithinMs / 1_000} s`);
}

async function ackedIn({ app }: Place): Promise<{ acked: number; lastAt: number }> {
  const row = await app.store.read((tx) =>
    tx.get<{ acked: number; lastAt: number }>(
      "select count(*) as acked, max(ended_at) as lastAt from history where outcome = 'acked'",
    ),
  );
  return row!;
}
