// The processes of a run: started, killed and stopped at random, and followed by heirs until all calls are made.
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Random } from "../proof/random.ts";
import type { ClientPlan, PlannedClient } from "./clients/client.ts";
import { readRecord, recordFault, recordPath } from "./record.ts";

const program = join(import.meta.dir, "clients", "client.ts");

export interface Crew {
  /** Starts a process with `clients` in it, and those that go on for it when it is killed. */
  start(plan: Omit<ClientPlan, "seed">): void;
  /** Kills and stops processes, each after some calls, until `signal` aborts. */
  disturb(signal: AbortSignal): Promise<void>;
  /** Resolves when every process has made its calls, the warden apart. Rejects when one ends otherwise and was not killed. */
  done(): Promise<void>;
  /** Ends the warden, once what it does is done. */
  endWarden(): Promise<void>;
  /** Kills whatever runs; resolves when all of it has ended. */
  killAll(): Promise<unknown>;
}

// Of the record of a call, about.
const callBytes = 500;
// What the warden does comes to a few times opening and closing the bus.
const wardenCalls = 12;
const lookMs = 10;

interface Member {
  child: Bun.Subprocess;
  plan: Omit<ClientPlan, "seed">;
  killed: boolean;
  stopped: boolean;
  /** How long its record has to be before anything is done to it. */
  spareBytes: number;
}

/** A crew of nobody yet; `onDeath` is told the names of clients that were killed. */
export function newCrew(random: Random, onDeath: (names: string[]) => Promise<void>): Crew {
  const members = new Set<Member>();
  const lives: Promise<void>[] = [];
  const wardens: Promise<void>[] = [];
  let ending = false;

  function start(plan: Omit<ClientPlan, "seed">): void {
    const seeded = { ...plan, seed: random.whole(1, 2 ** 31) };
    const child = Bun.spawn([process.execPath, program, JSON.stringify(seeded)], {
      stdin: "ignore",
      stdout: "inherit",
      stderr: "inherit",
    });
    const member = { child, plan, killed: false, stopped: false, spareBytes: spareBytesOf(plan) };
    members.add(member);
    (plan.role === "warden" ? wardens : lives).push(follow(member));
  }

  function spareBytesOf({ role, shape }: Omit<ClientPlan, "seed">): number {
    return random.whole(1, (role === "warden" ? wardenCalls : shape.spareCalls) * callBytes);
  }

  async function follow(member: Member): Promise<void> {
    const { child, plan } = member;
    await child.exited;
    members.delete(member);
    if (!member.killed) {
      if (child.exitCode === 0) return;
      throw new Error(
        `${namesOf(plan).join(", ")} ended with ${child.exitCode ?? child.signalCode}`,
      );
    }
    await onDeath(namesOf(plan));
    const heirs = plan.clients.map((client) => heirOf(plan.records, client));
    const left = heirs.filter(({ calls }) => calls > 0);
    if (left.length > 0 && !ending) start({ ...plan, clients: left });
  }

  async function disturbOne(member: Member): Promise<void> {
    const { child, plan } = member;
    const names = namesOf(plan);
    const stops = random.share() < 0.3;
    recordFault(plan.records, stops ? "stopped" : "killed", names);
    if (!stops) {
      member.killed = true;
      return child.kill("SIGKILL");
    }
    member.stopped = true;
    child.kill("SIGSTOP");
    await sleep(random.whole(5, Math.round(plan.shape.leaseMs * 1.5)));
    recordFault(plan.records, "continued", names);
    child.kill("SIGCONT");
    member.stopped = false;
    member.spareBytes += spareBytesOf(plan);
  }

  return {
    start,
    async disturb(signal) {
      const stops = new Set<Promise<void>>();
      while (!signal.aborted) {
        await sleep(lookMs, undefined, { signal }).catch(() => {});
        for (const member of [...members].filter(isReady)) {
          // Others go on meanwhile, and may be killed.
          const one = disturbOne(member).finally(() => stops.delete(one));
          stops.add(one);
        }
      }
      await Promise.all(stops);
    },
    done: () => all(lives),
    async endWarden() {
      ending = true;
      for (const member of members) {
        if (member.plan.role !== "warden") continue;
        member.child.kill("SIGTERM");
        // It may not listen yet.
        member.killed = true;
      }
      await all(wardens);
    },
    killAll() {
      ending = true;
      for (const member of members) {
        member.killed = true;
        member.child.kill("SIGKILL");
      }
      return Promise.all([...members].map(({ child }) => child.exited));
    },
  };
}

// Heirs are added while their predecessors are waited for.
async function all(lives: readonly Promise<void>[]): Promise<void> {
  for (let at = 0; at < lives.length; at++) await lives[at];
}

function namesOf({ clients }: Pick<ClientPlan, "clients">): string[] {
  return clients.map(({ name }) => name);
}

// One that has done little has little to lose, and takes long to start. A command is killed by who runs it.
function isReady({ plan, killed, stopped, spareBytes }: Member): boolean {
  if (killed || stopped || plan.role === "command") return false;
  const path = recordPath(plan.records, plan.clients.at(-1)!.name);
  const { size = 0 } = statSync(path, { throwIfNoEntry: false }) ?? {};
  return size >= spareBytes;
}

/** Who goes on for `client`, with the calls that it has left. */
function heirOf(records: string, { name, calls }: PlannedClient): PlannedClient {
  const path = recordPath(records, name);
  const made = existsSync(path) ? (readRecord(path).at(-1)?.n ?? 0) : 0;
  const [base, life] = name.split("_") as [string, string];
  return { name: `${base}_${Number(life) + 1}`, predecessor: name, calls: calls - made };
}
