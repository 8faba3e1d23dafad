// Whom to kill: processes of a swarm, by what they are. Nobody is killed who is not known to be one of them at that moment.
import { signalProcess } from "../../src/agents/process.ts";
import { type ProcessIdentity, processState } from "../../src/core/identity.ts";
import type { Keeper } from "./keep-up.ts";
import { type Found, markedBy } from "./left-behind.ts";
import type { Place } from "./place.ts";
import type { Producer } from "./producer.ts";
import type { Random } from "./random.ts";

export type Kind = "program" | "host" | "supervisor" | "guardian" | "both" | "producer";

/** How many of a hundred kills hit whom. */
const shares: Record<Kind, number> = {
  program: 50,
  host: 25,
  supervisor: 8,
  guardian: 6,
  both: 3,
  producer: 8,
};

/** Whom `count` kills hit, in which order: everybody at least once, and in the end only those whose death nobody but their own supervisor makes good. */
export function planKills(count: number, random: Random): Kind[] {
  const kinds = Object.keys(shares) as Kind[];
  const plan = kinds.flatMap((kind) =>
    Array.from({ length: Math.max(1, Math.floor((count * shares[kind]) / 100)) }, () => kind),
  );
  // What rounding has left over or taken away, the programs make up for.
  while (plan.length < count) plan.push("program");
  const hit = random.shuffled(plan.slice(plan.length - count));
  const members = hit.filter((kind) => kind === "program" || kind === "host");
  const last = members.slice(0, Math.floor(count / 4));
  for (const kind of last) hit.splice(hit.indexOf(kind), 1);
  return [...hit, ...last];
}

export interface Scene {
  place: Place;
  keeper: Keeper;
  producer: Producer;
  random: Random;
}

/** Kills one process of that kind (guardian and supervisor at once, for `both`): whether there was one. */
export async function killOne(scene: Scene, kind: Kind): Promise<boolean> {
  const { place, keeper, producer, random } = scene;
  if (kind === "producer") return kill(producer.sender());
  if (kind === "guardian") return kill(keeper.guardian());
  if (kind === "supervisor") return kill(await supervisorOf(place));
  if (kind === "both") {
    const [guardian, supervisor] = [keeper.guardian(), await supervisorOf(place)];
    if (guardian === undefined || supervisor === undefined) return false;
    // Neither may notice the end of the other.
    signalProcess(guardian, "SIGSTOP");
    const killed = kill(supervisor);
    return kill(guardian) && killed;
  }
  return kill(random.pick(membersOf(place, kind)));
}

/** The programs of agents, with all that these started; or the hosts. */
export function membersOf({ home }: Place, kind: "program" | "host"): Found[] {
  const all = markedBy(home).toSorted((a, b) => a.pid - b.pid);
  return all.filter(({ words }) => (words[1] === "host") === (kind === "host"));
}

/** The supervisor, if it is alive. */
export async function supervisorOf({ app }: Place): Promise<ProcessIdentity | undefined> {
  const run = await app.lastRun();
  return run?.alive === true && run.state !== "stopped" ? run : undefined;
}

function kill(victim: ProcessIdentity | undefined): boolean {
  if (victim === undefined || processState(victim.pid)?.state === "Z") return false;
  return signalProcess(victim, "SIGKILL");
}
