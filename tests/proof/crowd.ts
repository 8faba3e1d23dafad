// The crowd that most proofs work with: 100 agents of all runners that are processes, half of whose work comes from one inbox.
import { join } from "node:path";
import { elapsedMs, sleep } from "../../src/core/clock.ts";
import type { Place } from "./place.ts";

/** Where the answers go. */
export const answers = "answers";

/** How many agents there are. */
export const crowdSize = 100;

const owners = 15;

/**
 * Deaths are what these proofs are about: they are to use up nobody's attempts, and to stop nothing. What is not given back lies there
 * for longer than any of them waits; and whoever has the lock may get no processor for long, which is no reason to refuse anybody.
 */
export const crowdSettings = `[bus]
max_attempts = 1000000
inbox_cap = 1000000
backoff_max = "1s"
lease = "15m"

[agents]
stop_grace = "1s"

[store]
busy_timeout = "100s"
`;

/** What an agent of a proof says of restarts: however often it is killed, it comes back. */
export const restless = { restart: "always", restart_max: 1_000_000, backoff_max: "1s" };

/** A little program beside this file. */
export function program(name: string): string[] {
  return ["sh", join(import.meta.dir, "programs", name)];
}

/** The swarm file of the crowd, called `name`; its receipts go into the file `receipts`. */
export function crowdOf(name: string, receipts: string) {
  const usual = { ...restless, env: ["PATH", "HOME", { RECEIPTS: receipts }] };
  const stream = { ...usual, runner: "stream", command: program("stream.sh") };
  const exec = { ...usual, runner: "exec", command: program("exec.sh") };
  return {
    name,
    restarts_max: 1_000_000,
    agents: {
      exec: { ...exec, inbox: "pieces", count: crowdSize - 4 * owners },
      stream: { ...stream, inbox: "pieces", in_flight: 3, count: 2 * owners },
      own: { ...stream, count: owners },
      self: { ...usual, runner: "self", command: program("self.sh"), count: owners },
    },
  };
}

/** The inboxes of the crowd, each as often as it is to get work. */
export const crowdInboxes: readonly string[] = Array.from({ length: owners }, (_, index) => [
  `own-${index + 1}`,
  `self-${index + 1}`,
  "pieces",
  "pieces",
]).flat();

const readyWithinMs = 600_000;

/** Waits until so many agents of a swarm that is supervised are ready, or at work; of a later run than `before`. */
export async function untilReady({ app }: Place, least: number, before = 0): Promise<void> {
  const endMs = elapsedMs() + readyWithinMs;
  while (elapsedMs() < endMs) {
    const run = await app.lastRun();
    if (run?.alive === true && run.state === "running" && run.id > before) {
      const agents = await app.agents();
      const ready = agents.filter(({ state }) => state === "ready" || state === "busy");
      if (ready.length >= least) return;
    }
    await sleep(20);
  }
  throw new Error(`${least} agents were not ready within ${readyWithinMs / 1_000} s`);
}
