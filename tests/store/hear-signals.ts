// How soon processes that wait for something notice that they are meant to end.
import { expect } from "bun:test";
import { systemClock } from "../../src/core/clock.ts";
import type { Program } from "./start-program.ts";

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
  // A quarter of a second on a quiet machine. Whoever was deaf while waiting would hear it after a minute.
  expect(Math.max(...lateness)).toBeLessThan(30_000);
}
