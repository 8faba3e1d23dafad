import { readFileSync } from "node:fs";
import { expect, setDefaultTimeout, test } from "bun:test";
import {
  elapsedMs,
  jitter,
  offsetBetween,
  sleep,
  sleepAwake,
  systemClock,
} from "../../src/core/clock.ts";
import { lacks } from "../helpers/programs.ts";

// Processes start slowly on a busy machine.
setDefaultTimeout(240_000);

const clockModule = new URL("../../src/core/clock.ts", import.meta.url).pathname;

test("now is wall time in whole milliseconds", () => {
  const before = Date.now();
  const now = systemClock().now();
  expect(Number.isInteger(now)).toBe(true);
  expect(now).toBeGreaterThanOrEqual(before);
  expect(now).toBeLessThanOrEqual(Date.now());
});

test("tick is whole and never runs backwards", () => {
  const clock = systemClock();
  let last = clock.tick();
  for (let i = 0; i < 10_000; i++) {
    const tick = clock.tick();
    expect(Number.isInteger(tick) && tick >= last).toBe(true);
    last = tick;
  }
});

test.skipIf(lacks("python3"))(
  "tick is the machine's CLOCK_MONOTONIC, the same in every process (wants python3)",
  async () => {
    const here = systemClock();
    const read = async (command: string[]) => {
      const before = here.tick();
      const text = await new Response(Bun.spawn(command).stdout).text();
      return { before, there: Number(text), after: here.tick() };
    };
    const bun = `import { systemClock } from ${JSON.stringify(clockModule)}; console.log(systemClock().tick());`;
    const python = "import time; print(time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000000)";
    const readings = await Promise.all([
      read([process.execPath, "-e", bun]),
      read(["python3", "-c", python]),
    ]);
    for (const { before, there, after } of readings) {
      expect(there).toBeGreaterThanOrEqual(before - 2);
      expect(there).toBeLessThanOrEqual(after + 2);
    }
  },
);

const timeNamespace = ["unshare", "-T", "--boottime", "100000", "--fork"];
if (process.getuid?.() !== 0) timeNamespace.push("-r");
const cannotShiftTime =
  lacks("unshare") || Bun.spawnSync([...timeNamespace, "true"]).exitCode !== 0;

test.skipIf(cannotShiftTime)(
  "tick does not count the time that the machine slept (wants unshare and time namespaces)",
  async () => {
    // There the machine seems to have slept for 100,000 s: only the clock that counts sleep is ahead.
    const code = `import { systemClock } from ${JSON.stringify(clockModule)}; console.log(systemClock().tick());`;
    const before = systemClock().tick();
    const child = Bun.spawn([...timeNamespace, process.execPath, "-e", code]);
    const there = Number(await new Response(child.stdout).text());
    expect(there).toBeGreaterThanOrEqual(before - 2);
    expect(there).toBeLessThanOrEqual(systemClock().tick() + 2);
  },
);

test("a clock made later counts from the same moment as one made before", async () => {
  const early = systemClock();
  await sleep(20);
  const late = systemClock();
  const before = early.tick();
  const there = late.tick();
  expect(there).toBeWithin(before - 1, early.tick() + 2);
});

test("a process that is put off between two readings of the clocks does not take that for their offset", () => {
  for (const stalled of [1, 2, 3, 4, 5, 6, 7, 8, 9]) {
    let now = 0;
    let readings = 0;
    const read = (ahead: number) => () => {
      now += ++readings === stalled ? 1_000 : 0.5;
      return now + ahead;
    };
    expect(offsetBetween(read(0), read(70))).toBeCloseTo(70, 5);
  }
});

test.skipIf(process.platform !== "linux")("boot is the kernel's own name for this boot", () => {
  const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  expect(systemClock().boot).toBe(boot);
});

test("sleep takes as long as it is told", async () => {
  const start = elapsedMs();
  await sleep(30);
  expect(elapsedMs() - start).toBeGreaterThanOrEqual(28);
});

test("a sleep awake goes on after all has stood still, and ends like any other", async () => {
  const over = { plain: false, awake: false };
  void sleep(1_000).then(() => (over.plain = true));
  const awake = sleepAwake(1_000).then(() => (over.awake = true));
  // Nothing goes on in this process meanwhile.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_500);
  await sleep(0);
  expect(over).toEqual({ plain: true, awake: false });
  await awake;
  const start = elapsedMs();
  await sleepAwake(200_000, AbortSignal.abort());
  await sleepAwake(200_000, AbortSignal.timeout(20));
  expect(elapsedMs() - start).toBeLessThan(150_000);
});

test("sleep ends at once when its signal aborts, before or meanwhile", async () => {
  const start = elapsedMs();
  await sleep(200_000, AbortSignal.abort());
  await sleep(200_000, AbortSignal.timeout(20));
  expect(elapsedMs() - start).toBeLessThan(150_000);
});

test("sleep leaves no listener behind on a signal that never aborts", async () => {
  const { signal } = new AbortController();
  let listeners = 0;
  const add = signal.addEventListener.bind(signal) as (...args: unknown[]) => void;
  const remove = signal.removeEventListener.bind(signal) as (...args: unknown[]) => void;
  Object.assign(signal, {
    addEventListener: (...args: unknown[]) => (listeners++, add(...args)),
    removeEventListener: (...args: unknown[]) => (listeners--, remove(...args)),
  });
  await sleep(1, signal);
  expect(listeners).toBe(0);
});

test("sleep of a month is no sleep of nothing", async () => {
  const nap = new AbortController();
  let over = false;
  const sleeping = sleep(30 * 86_400_000, nap.signal).then(() => (over = true));
  await sleep(20);
  expect(over).toBe(false);
  nap.abort();
  await sleeping;
});

test("jitter spreads evenly around what it is given, and no further than its share", () => {
  const spread = Array.from({ length: 2_000 }, () => jitter(100, 0.2));
  expect(Math.min(...spread)).toBeGreaterThanOrEqual(80);
  expect(Math.max(...spread)).toBeLessThanOrEqual(120);
  expect(Math.max(...spread) - Math.min(...spread)).toBeGreaterThan(36);
  expect(jitter(100, 0)).toBe(100);
});
