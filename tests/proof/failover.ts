// A coordinator fails for good: the others go on, one of them has its workers, and its messages are handed out again soon.
import { percentile } from "../../bench/figure.ts";
import { signalProcess } from "../../src/agents/process.ts";
import type { Agent } from "../../src/agents/registry.ts";
import { send } from "../../src/bus/send.ts";
import { elapsedMs, sleep } from "../../src/core/clock.ts";
import { bytesOf } from "../../src/core/text.ts";
import { crowdSettings, program, untilReady } from "./crowd.ts";
import { limitBeside, lookMs } from "./least.ts";
import { type Place, inPlace } from "./place.ts";
import type { Proof, ProofOptions } from "./proof.ts";

const leads = 7;
const hands = 14;
const heldEach = 20;
const againMs = 2_000;
const waitMs = 300_000;

export const failover: Proof = {
  name: "failover",
  summary: `one of ${leads} coordinators is killed for good; the others go on, and its messages are done by them within ${againMs} ms, or longer where the machine is slow`,
  count: 7,
  quick: 1,
  unit: "rounds",
  async run(options) {
    let took: number[] = [];
    let looksMs: number[] = [];
    const { executable } = options;
    const faults = await inPlace({ executable, settings: crowdSettings }, async (place) => {
      const ended = await failInTurn(place, options);
      ({ took, looksMs } = ended);
      return ended.faults;
    });
    const most = Math.max(0, ...took);
    if (most > limitBeside(looksMs, againMs))
      faults.push(`the messages were done after ${most.toFixed(0)} ms`);
    const half = (percentile(took, 0.5) || 0).toFixed(0);
    return {
      faults,
      figures: `${took.length} failovers, ms at 50 % / most: ${half} / ${most.toFixed(0)}`,
    };
  },
};

/** Has one coordinator after the other fail for good: how long it took each time until all it had was done by another one. */
export async function failInTurn(
  place: Place,
  { count, random, progress }: ProofOptions,
): Promise<{ took: number[]; looksMs: number[]; faults: string[] }> {
  const usual = { runner: "stream", restart: "never" };
  const agents = {
    lead: {
      ...usual,
      command: program("lead.sh"),
      role: "coordinator",
      in_flight: 50,
      count: leads,
    },
    hand: { ...usual, command: program("hand.sh"), count: hands },
  };
  const up = await place.start([
    "up",
    place.file({ name: "failover", topology: "hybrid", agents }),
  ]);
  await untilReady(place, leads + hands);
  const took: number[] = [];
  const looksMs: number[] = [];
  const faults: string[] = [];
  for (let round = 1; round <= count && faults.length === 0; round++) {
    const victim = `lead-${random.whole(1, leads)}`;
    progress(`round ${round} of ${count}: ${victim}`);
    const ms = await failOne(place, victim, random.share() < 0.5);
    if (typeof ms === "number") took.push(ms);
    else faults.push(ms);
    looksMs.push(await lookMs(place));
    if (round === count) break;
    const again = await place.skep(["restart", victim]);
    if (again.code !== 0) faults.push(`skep restart ended with ${again.code}: ${again.stderr}`);
    await untilReady(place, leads + hands);
  }
  const down = await place.skep(["down", "--json"]);
  if (down.code !== 0) faults.push(`skep down ended with ${down.code}: ${down.stderr}`);
  await up.finished;
  return { took, looksMs, faults };
}

/** How long it took, or what went wrong. */
async function failOne(place: Place, victim: string, isHost: boolean): Promise<number | string> {
  const others = Array.from({ length: leads }, (_, index) => `lead-${index + 1}`).filter(
    (name) => name !== victim,
  );
  for (let count = 0; count < heldEach; count++) await sendTo(place, victim, `hold ${victim}`);
  if (!(await until(async () => (await countOf(place, victim, "leased")) === heldEach)))
    return `${victim} did not get its messages`;
  const agents = await place.app.agents();
  const agent = agents.find(({ name }) => name === victim)!;
  const worker = await workerOf(place, victim);
  const before = await ackedBy(place, others);

  const startMs = elapsedMs();
  signalProcess(isHost ? hostOf(agent) : programOf(agent), "SIGKILL");
  const isDone = async () => {
    const gained = gainOf(await ackedBy(place, others), before);
    return gained.some((gain) => gain === heldEach);
  };
  if (!(await until(isDone))) return `what ${victim} held was not done by another one`;
  const tookMs = elapsedMs() - startMs;

  const meanwhile = await ackedBy(place, others);
  const heir = others.find((name) => meanwhile.get(name)! > before.get(name)!)!;
  for (const name of others) await sendTo(place, name, "are you there?");
  await sendTo(place, worker, "whom do you tell?");
  const goOn = async () => {
    const gained = gainOf(await ackedBy(place, others), meanwhile);
    return gained.every((gain, index) => gain === (others[index] === heir ? 2 : 1));
  };
  if (!(await until(goOn)))
    return `not all others go on, or ${heir} does not hear from ${worker} after ${victim} failed`;
  return tookMs;
}

function hostOf({ hostPid, hostStartTime }: Agent) {
  return { pid: hostPid!, startTime: hostStartTime! };
}

function programOf({ programPid, programStartTime }: Agent) {
  return { pid: programPid!, startTime: programStartTime! };
}

async function sendTo({ app }: Place, to: string, body: string): Promise<void> {
  await send(app.bus, { to, body: bytesOf(body) }, { from: null, onFull: "fail", timeoutMs: 0 });
}

async function countOf(
  { app }: Place,
  inbox: string,
  account: "leased" | "acked",
): Promise<number> {
  const row = await app.store.read((tx) =>
    tx.get<{ leased: number; acked: number }>(
      "select leased, acked from ledger where inbox = $inbox",
      {
        inbox,
      },
    ),
  );
  return row?.[account] ?? 0;
}

async function ackedBy(place: Place, names: readonly string[]): Promise<Map<string, number>> {
  const counts = await Promise.all(names.map((name) => countOf(place, name, "acked")));
  return new Map(names.map((name, index) => [name, counts[index]!]));
}

/** How many more each has than before. */
function gainOf(now: ReadonlyMap<string, number>, before: ReadonlyMap<string, number>): number[] {
  return [...now].map(([name, count]) => count - before.get(name)!);
}

/** A worker that reaches `coordinator` as its own. */
async function workerOf({ app }: Place, coordinator: string): Promise<string> {
  const row = await app.store.read((tx) =>
    tx.get<{ sender: string }>(
      "select sender from routes where address = '@coordinator' and inbox = $coordinator order by sender",
      { coordinator },
    ),
  );
  return row!.sender;
}

async function until(condition: () => Promise<boolean>): Promise<boolean> {
  const endMs = elapsedMs() + waitMs;
  while (elapsedMs() < endMs) {
    if (await condition()) return true;
    await sleep(5);
  }
  return false;
}
