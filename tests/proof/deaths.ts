// How soon a death is seen: from the kill until it is written down and what the dead one held is somebody else's to claim.
import { join } from "node:path";
import { percentile } from "../../bench/figure.ts";
import { signalProcess } from "../../src/agents/process.ts";
import type { Agent } from "../../src/agents/registry.ts";
import { elapsedMs, sleep } from "../../src/core/clock.ts";
import { type ProcessIdentity, processState } from "../../src/core/identity.ts";
import { sentTo } from "./account.ts";
import { answers, crowdInboxes, crowdOf, crowdSettings, crowdSize, untilReady } from "./crowd.ts";
import { keepUp } from "./keep-up.ts";
import { type Found, markedBy, zombiesOf } from "./left-behind.ts";
import { type Place, inPlace } from "./place.ts";
import { produce } from "./producer.ts";
import type { Proof, ProofOptions } from "./proof.ts";
import type { Random } from "./random.ts";

const halfMs = 100;
const nearlyAllMs = 1_000;
// Where already the least that it takes comes near the limits it is the machine that is slow, and they go by that.
const timesTheLeast = 4;
// The halves of few are of different moments, and the machine may have had much else to do in one of them.
const timesTheLeastOfFew = 8;
// Half of a handful says nothing where the machine has much else to do.
const tellingCount = 20;
// And 99 % of fewer than these are all of them.
const hundred = 100;
const seenWithinMs = 100_000;
const goneWithinMs = 100_000;
const gapMs = 50;

/** How long each death took to be seen, by what died. */
export type Delays = Map<string, number[]>;

interface Measured {
  delays: Delays;
  /** The least that such a thing takes on this machine under the same load, once beside each death. */
  least: number[];
  faults: string[];
}

export const deaths: Proof = {
  name: "deaths",
  summary: `programs and hosts of 100 agents at work are killed; half are seen within ${halfMs} ms, 99 % within ${nearlyAllMs} ms, or ${timesTheLeast} times what a bare process and two writes take (${timesTheLeastOfFew} times for less than ${hundred})`,
  count: 1_000,
  quick: 30,
  unit: "kills",
  async run(options) {
    const { executable } = options;
    let measured: Measured = { delays: new Map(), least: [], faults: [] };
    const faults = await inPlace({ executable, settings: crowdSettings }, async (place) => {
      measured = await measureDeaths(place, options);
      return measured.faults;
    });
    const { delays, least } = measured;
    const all = [...delays.values()].flat();
    const enough = [...delays].filter(([, ms]) => ms.length >= tellingCount);
    for (const [what, ms] of [["all", all] as const, ...enough])
      if (tookTooLong(ms, least, 0.5, halfMs))
        faults.push(`half of the deaths of ${what} took too long`);
    if (all.length >= hundred && tookTooLong(all, least, 0.99, nearlyAllMs))
      faults.push("1 % of the deaths took too long");
    const each = [...delays].map(([what, ms]) => `${what} ${spread(ms)}`).join("; ");
    return {
      faults,
      figures: `${all.length} deaths, ms at 50 % / 99 % / most: ${spread(all)} (${each}); the least ${spread(least)}`,
    };
  },
};

/** Kills `count` programs and hosts of a crowd that is at work. */
export async function measureDeaths(
  place: Place,
  { count, random, progress }: ProofOptions,
): Promise<Measured> {
  await place.makeInboxes(answers);
  const keeper = keepUp(place, place.file(crowdOf("deaths", join(place.directory, "receipts"))));
  await untilReady(place, crowdSize);
  let done = 0;
  const work = { inboxes: crowdInboxes, answers, leastMs: 500, mostMs: 1_500 };
  const producer = produce(place, random, { ...work, atOnce: 400, done: () => done });
  await untilReady(place, crowdSize);
  const delays: Delays = new Map();
  const least: number[] = [];
  const faults: string[] = [];
  for (let killed = 0; killed < count && faults.length === 0;) {
    const victim = await victimOf(place, random);
    if (victim !== undefined) {
      const heldBefore = victim.claims;
      const startMs = elapsedMs();
      if (!signalProcess(victim.process, "SIGKILL")) continue;
      killed++;
      if (await isSeen(place, victim, heldBefore)) {
        const known = delays.get(victim.what) ?? [];
        delays.set(victim.what, [...known, elapsedMs() - startMs]);
      } else faults.push(`the death of ${victim.what} of ${victim.agent.name} was not seen`);
      least.push(await leastMs(place));
      progress(`${killed} of ${count} killed`);
    }
    done = await sentTo(place, answers);
    await sleep(gapMs);
  }
  faults.push(...(await zombiesLeft(place)));
  faults.push(...(await producer.finish(180_000)), ...(await keeper.down()));
  return { delays, least, faults };
}

/** Whether the percentile `share` of `ms` is over its limit, and over what is to be expected of this machine. */
export function tookTooLong(
  ms: readonly number[],
  least: readonly number[],
  share: number,
  limitMs: number,
): boolean {
  const times = ms.length < hundred ? timesTheLeastOfFew : timesTheLeast;
  return percentile(ms, share) > Math.max(limitMs, times * percentile(least, share));
}

/**
 * From the kill of a bare process of our own until its end is known and two writes had their turn, in milliseconds: no
 * death takes fewer, for what the dead one held goes back at once, and its restart is noted by somebody else.
 */
async function leastMs({ app, launch }: Place): Promise<number> {
  const program = await launch(["sleep", "60"]);
  const startMs = elapsedMs();
  signalProcess(program, "SIGKILL");
  await program.exited;
  for (let writes = 0; writes < 2; writes++)
    await app.store.write((tx) => tx.run("update agents set restarts = 0 where name = ''"));
  return elapsedMs() - startMs;
}

/** The fault of a supervisor that does not take leave of those that its hosts have left to it. */
async function zombiesLeft({ app }: Place): Promise<string[]> {
  const { pid } = (await app.lastRun())!;
  const endMs = elapsedMs() + goneWithinMs;
  for (let left = zombiesOf(pid); left > 0; left = zombiesOf(pid)) {
    if (elapsedMs() > endMs) return [`${left} zombies below the supervisor`];
    await sleep(100);
  }
  return [];
}

interface Victim {
  agent: Agent;
  process: ProcessIdentity;
  what: string;
  /** What it holds: delivery and epoch. */
  claims: Set<string>;
}

/** Somebody who holds something: an agent that is at work, and its host or its program; undefined when there happens to be none. */
async function victimOf(place: Place, random: Random): Promise<Victim | undefined> {
  const agents = await place.app.agents();
  const busy = random.pick(agents.filter(({ state }) => state === "busy"));
  if (busy?.hostPid == null || busy.hostStartTime === null) return undefined;
  const host = { pid: busy.hostPid, startTime: busy.hostStartTime };
  const isHost = random.share() < 0.5;
  const process = isHost ? host : programOf(place, busy);
  if (process === undefined || processState(process.pid)?.state === "Z") return undefined;
  const claims = await claimsOf(place, busy.name);
  if (claims.size === 0) return undefined;
  const what = isHost ? "hosts" : `${busy.runner} programs`;
  return { agent: busy, process, what, claims };
}

/** The program of `agent` that its host has started. */
function programOf({ home }: Place, { hostPid }: Agent): Found | undefined {
  return markedBy(home).find(
    ({ pid, words }) => processState(pid)?.parent === hostPid && words[1]?.includes("programs/"),
  );
}

async function claimsOf({ app }: Place, holder: string): Promise<Set<string>> {
  const rows = await app.store.read((tx) =>
    tx.all<{ claim: string }>(
      "select id || '.' || epoch as claim from deliveries where state = 'leased' and holder = $holder",
      { holder },
    ),
  );
  return new Set(rows.map(({ claim }) => claim));
}

/** Waits until the death is written down, and all that was held is given back, or was settled before it: whether it is, in time. */
async function isSeen(place: Place, { agent, what }: Victim, held: Set<string>): Promise<boolean> {
  const endMs = elapsedMs() + seenWithinMs;
  // The agent outlives the programs that it has for one message each.
  const staysUp = what === "exec programs";
  while (elapsedMs() < endMs) {
    const claims = await claimsOf(place, agent.name);
    const isBack = ![...held].some((claim) => claims.has(claim));
    if (isBack && (staysUp || (await restartsOf(place, agent.name)) > agent.restarts)) return true;
    await sleep(1);
  }
  return false;
}

async function restartsOf({ app }: Place, name: string): Promise<number> {
  const row = await app.store.read((tx) =>
    tx.get<{ restarts: number }>("select restarts from agents where name = $name", { name }),
  );
  return row!.restarts;
}

function spread(ms: readonly number[]): string {
  return [0.5, 0.99, 1].map((share) => percentile(ms, share).toFixed(0)).join(" / ");
}
