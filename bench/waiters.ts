// A crowd of processes, each waiting at an inbox of its own as a host does, and what reaches them.
import { hostRuntime } from "../src/agents/host-process.ts";
import type { Bus } from "../src/bus/bus.ts";
import { sendBatch } from "../src/bus/send.ts";
import { sleep } from "../src/core/clock.ts";
import { SkepError } from "../src/core/errors.ts";
import { closeBenchBus, monotonicMs, openBenchBus, withHome } from "./home.ts";
import { type Program, bundlePrograms, endCrowd, startCrowd } from "./programs.ts";

/** What one of them has to say (bench/programs/waiter.ts). */
export interface Report {
  /** From before each send to the moment its message was there. */
  latenciesMs: number[];
  lastAckMs: number;
  /** The codes of the errors that it met. */
  errors: string[];
}

export interface Crowd {
  bus: Bus;
  programs: readonly Program[];
  inboxes: readonly string[];
  /** Sends one message to each of `inboxes`, in order: when it began, by the clock of all processes. */
  send(inboxes: readonly string[]): Promise<number>;
  /** Waits until all that was sent is acked: what each process has to say since the last time. E_INTERNAL after three minutes. */
  settled(): Promise<Report[]>;
}

/** Runs `work` with a crowd of `count`, all of which wait. */
export async function withCrowd<T>(count: number, work: (crowd: Crowd) => Promise<T>): Promise<T> {
  await bundlePrograms("waiter");
  return await withHome(async (home) => {
    const bus = await openBenchBus(home);
    const inboxes = Array.from({ length: count }, (_, index) => `w${index}`);
    const args = (index: number) => [home, inboxes[index]!];
    const programs = await startCrowd(count, "waiter", args, hostRuntime);
    await until("all of them wait", async () => (await waitingIn(bus)) === count);
    const result = await work({
      bus,
      programs,
      inboxes,
      async send(to) {
        const startMs = monotonicMs();
        const body = Buffer.from(String(startMs).padEnd(256));
        const drafts = to.map((inbox) => ({ to: inbox, body }));
        const options = { from: null, onFull: "fail", timeoutMs: 0, atomic: false } as const;
        const refused = (await sendBatch(bus, drafts, options)).find(
          (outcome) => outcome instanceof SkepError,
        );
        if (refused !== undefined) throw refused;
        return startMs;
      },
      async settled() {
        await until("all is acked", async () => (await unackedIn(bus)) === 0);
        await until("all of them wait again", async () => (await waitingIn(bus)) === count);
        for (const program of programs) program.tell("report");
        return await Promise.all(programs.map((program) => program.next<Report>()));
      },
    });
    await endCrowd(programs);
    await closeBenchBus(bus);
    return result;
  });
}

async function waitingIn({ store }: Bus): Promise<number> {
  const row = await store.read((tx) =>
    tx.get<{ count: number }>("select count(*) as count from waiters where waiting = 1"),
  );
  return row!.count;
}

async function unackedIn({ store }: Bus): Promise<number> {
  const row = await store.read((tx) =>
    tx.get<{ count: number }>("select sum(sent - acked) as count from ledger"),
  );
  return row!.count;
}

// Looks seldom enough not to be in the way of what is measured.
async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
  const end = monotonicMs() + 180_000;
  while (!(await condition())) {
    if (monotonicMs() > end) throw new SkepError("E_INTERNAL", `not within three minutes: ${what}`);
    await sleep(20);
  }
}
