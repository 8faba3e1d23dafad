// How soon processes that wait for something notice that they are meant to end.
import { expect } from "bun:test";
import { systemClock } from "../../src/core/clock.ts";
import type { Program, programs } from "./start-program.ts";

/** Sends SIGTERM and SIGINT by turns to programs that say when they heard one; each has to long before its own time is over. */
export async function hearSignals(agents: Program[]): Promise<void> {
  const clock = systemClock();
  const sent = agents.map((agent, n) => {
    agent.kill(n % 2 === 0 ? "SIGTERM" : "SIGINT");
    return clock.tick();
  });
  await Promise.all(agents.map((agent) => agent.ended));
  const lateness = agents.map((agent, n) => {
    const [heard] = agent.values<{ signal: string; at: number }>();
    expect(heard?.signal).toBe(n % 2 === 0 ? "SIGTERM" : "SIGINT");
    return heard!.at - sent[n]!;
  });
  // A quarter of a second on a quiet machine. Whoever was deaf while waiting would hear it when its time is over.
  expect(Math.max(...lateness)).toBeLessThan(60_000);
}

/**
 * How long after its sending this process hears a signal of that name while `wait` goes on, which is to end when it is
 * aborted. Infinity for one that came before it waited, or after more than 400 ms, of which nothing can be said.
 */
export async function heardAfterMs(
  start: ReturnType<typeof programs>,
  name: string,
  wait: (stop: AbortSignal) => Promise<void>,
): Promise<number> {
  const clock = systemClock();
  const stop = new AbortController();
  const listener = () => stop.abort();
  process.on(name, listener);
  const sender = start("signal-soon.ts", [String(process.pid), name]);
  await sender.says("ready");
  const begun = clock.tick();
  await wait(stop.signal);
  const heard = clock.tick();
  await sender.ended;
  process.off(name, listener);
  const [{ at }] = sender.values<{ at: number }>() as [{ at: number }];
  return at > begun && at < begun + 400 ? heard - at : Number.POSITIVE_INFINITY;
}
