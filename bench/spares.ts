// The program of an agent from when it is wanted until it has answered a line: one that was started ahead, beside one
// that is started now. It takes its time to load, as those do that people start ahead.
import { type Child, launch, stopGroup } from "../src/agents/process.ts";
import type { Launch } from "../src/agents/spawned.ts";
import { elapsedMs, sleep } from "../src/core/clock.ts";
import { openSpares } from "../src/hosts/spares.ts";
import type { Bench } from "./bench.ts";
import { type Figure, percentile } from "./figure.ts";

const loadsMs = 100;
const program = {
  command: ["sh", "-c", `sleep ${loadsMs / 1_000}; while read -r line; do echo "$line"; done`],
  cwd: process.cwd(),
  env: { PATH: "/usr/local/bin:/usr/bin:/bin" },
};
const each = 50;
const graceMs = 1_000;
const readyWithinMs = 100_000;

export const spares: Bench = {
  name: "spares",
  summary: `a program that takes ${loadsMs} ms to load, from when it is wanted until it has answered a line`,
  async run({ rounds, small, say }) {
    const measured: Record<"ahead" | "now", number[]>[] = [];
    for (let round = 1; round <= rounds; round++) {
      say(`round ${round} of ${rounds}`);
      measured.push(await measure(small ? 2 : each));
    }
    const figure = (name: string, share: number): Figure => ({
      name: `handed out and heard, ${name}`,
      unit: "ms",
      wanted: "less",
      ours: measured.map(({ ahead }) => percentile(ahead, share)),
      reference: {
        name: "started then",
        values: measured.map(({ now }) => percentile(now, share)),
      },
      target: { of: "value", limit: 10 },
    });
    return [figure("p50", 0.5), figure("p99", 0.99)];
  },
};

async function measure(count: number): Promise<Record<"ahead" | "now", number[]>> {
  const waiting = openSpares(graceMs);
  const ahead: number[] = [];
  const now: number[] = [];
  try {
    for (let i = 0; i < count; i++) {
      waiting.refill(program, 1);
      // Long enough for it to have loaded: when it has, nobody sees.
      await sleep(3 * loadsMs);
      ahead.push(await timeToAnswer(async (launched) => waiting.take("a", launched)));
      now.push(await timeToAnswer(launch));
    }
  } finally {
    await waiting.end();
  }
  return { ahead, now };
}

/** Milliseconds until the program that `start` comes up with has answered a line, from when it comes up with one. */
async function timeToAnswer(
  start: (launched: Launch) => Promise<Child | undefined>,
): Promise<number> {
  const answered = Promise.withResolvers<void>();
  const launched = { ...program, onStdout: () => answered.resolve(), onStderr() {} };
  const beginMs = elapsedMs();
  let startMs = beginMs;
  let child = await start(launched);
  // Where the machine is slow none may run yet.
  while (child === undefined) {
    if (startMs - beginMs > readyWithinMs) throw new Error("no program was ready");
    await sleep(20);
    startMs = elapsedMs();
    child = await start(launched);
  }
  child.write("x\n");
  await answered.promise;
  const ms = elapsedMs() - startMs;
  child.end();
  await stopGroup(child, graceMs);
  return ms;
}
