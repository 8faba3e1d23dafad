import { afterEach, describe, expect, test } from "bun:test";
import {
  type Beat,
  beatKeepMs,
  forgetBeats,
  readBeats,
  recordBeats,
} from "../../src/agents/heartbeat.ts";
import { vitalsFile } from "../../src/store/files.ts";
import { openStore } from "../../src/store/open.ts";
import type { Store } from "../../src/store/store.ts";
import { type HandClock, handClock } from "../helpers/temp-bus.ts";
import { tempHomes } from "../helpers/temp-home.ts";
import { testDriver } from "../helpers/test-driver.ts";

const tempHome = tempHomes();
const opened: Store[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((store) => store.close()));
});

/** Signs of life on a clock that stands still. */
async function newVitals() {
  const clock = handClock();
  const store = await openStore({
    home: tempHome(),
    file: vitalsFile,
    driver: testDriver,
    clock,
    durability: "process",
    busyTimeoutMs: 5_000,
  });
  opened.push(store);
  return {
    clock,
    record: (...beats: Beat[]) => store.write((tx) => recordBeats(tx, beats)),
    /** Those of `names` until now. */
    forget: (...names: string[]) => {
      const untilTicks = new Map(names.map((name) => [name, clock.tick()]));
      return store.write((tx) => forgetBeats(tx, untilTicks));
    },
    forgetUntil: (name: string, tick: number) =>
      store.write((tx) => forgetBeats(tx, new Map([[name, tick]]))),
    read: () => store.read(readBeats),
    names: async () => (await store.read(readBeats)).map(({ agent }) => agent),
  };
}

/** A sign of life at this moment: from its host, unless it says something itself. */
function beatOf(clock: HandClock, agent: string, said: Beat["said"] = null): Beat {
  return { agent, at: clock.now(), tick: clock.tick(), boot: clock.boot, pid: 7, said };
}

const degraded = { status: "degraded", detail: "slow" } as const;

describe("signs of life", () => {
  test("are one to an agent, the last, with who gave it and when", async () => {
    const { clock, record, read } = await newVitals();
    await record(beatOf(clock, "b"), beatOf(clock, "a"));
    clock.pass(5_000);
    await record({ ...beatOf(clock, "a"), pid: null });
    const common = { boot: clock.boot, status: "healthy", detail: null, saidTick: null } as const;
    const [now, tick] = [clock.now(), clock.tick()];
    expect(await read()).toEqual([
      { ...common, agent: "a", at: now, tick, pid: null },
      { ...common, agent: "b", at: now - 5_000, tick: tick - 5_000, pid: 7 },
    ]);
  });

  test("of 700 agents are one statement, and none at all is none", async () => {
    const { clock, record, names } = await newVitals();
    const many = Array.from({ length: 700 }, (_, n) => beatOf(clock, `a-${n + 100}`, degraded));
    await record(...many);
    await record();
    expect(await names()).toEqual(many.map(({ agent }) => agent));
  });

  test("that come late do not take back what is newer", async () => {
    const { clock, record, read } = await newVitals();
    const late = beatOf(clock, "a", { status: "unhealthy", detail: null });
    clock.pass(1_000);
    await record(beatOf(clock, "a", degraded));
    const before = await read();
    await record(late);
    expect(await read()).toEqual(before);
  });

  test("of another boot are forgotten, and those that nobody repeated for an hour", async () => {
    const { clock, record, names, read } = await newVitals();
    await record(beatOf(clock, "old"), beatOf(clock, "a", degraded));
    clock.pass(beatKeepMs);
    await record(beatOf(clock, "b"));
    expect(await names()).toEqual(["a", "b", "old"]);
    clock.pass(1);
    await record(beatOf(clock, "b"), beatOf(clock, "a"));
    expect(await names()).toEqual(["a", "b"]);
    // A new boot counts its ticks anew.
    clock.boot = "second boot";
    const tick = clock.tick() - 1_000;
    await record({ ...beatOf(clock, "a"), tick });
    const [only, ...others] = await read();
    expect(only).toMatchObject({ agent: "a", boot: "second boot", tick, status: "healthy" });
    expect(others).toEqual([]);
  });
});

describe("what an agent says of itself", () => {
  test("holds while its host beats for it, until it says something else", async () => {
    const { clock, record, read } = await newVitals();
    await record(beatOf(clock, "a", degraded));
    const saidTick = clock.tick();
    clock.pass(5_000);
    await record(beatOf(clock, "a"));
    expect(await read()).toMatchObject([{ tick: clock.tick(), ...degraded, saidTick }]);
    await record(beatOf(clock, "a", { status: "healthy", detail: null }));
    const well = { status: "healthy", detail: null, saidTick: clock.tick() };
    expect(await read()).toMatchObject([well]);
  });

  test("is forgotten with it when it starts anew", async () => {
    const { clock, record, read, forget, names } = await newVitals();
    await record(beatOf(clock, "a", degraded), beatOf(clock, "b", degraded), beatOf(clock, "c"));
    await forget("a", "c", "nobody");
    expect(await names()).toEqual(["b"]);
    await forget();
    await record(beatOf(clock, "a"));
    expect((await read())[0]).toMatchObject({ agent: "a", status: "healthy", saidTick: null });
  });

  test("is not forgotten with the one before it", async () => {
    const { clock, record, read, forgetUntil } = await newVitals();
    await record(beatOf(clock, "a"));
    const endTick = clock.tick();
    clock.pass(1);
    await record(beatOf(clock, "a", degraded));
    await forgetUntil("a", endTick);
    expect(await read()).toMatchObject([{ agent: "a", ...degraded, saidTick: clock.tick() }]);
  });

  test("has 1,000 characters at most, and comes back as it was said", async () => {
    const { clock, record, read } = await newVitals();
    const detail = `\u001b[2J"'\n${"ä".repeat(990)}\u{1f41d}`.slice(0, 1_000);
    await record(beatOf(clock, "a", { status: "unhealthy", detail }));
    expect((await read())[0]).toMatchObject({ status: "unhealthy", detail });
    const long = { status: "unhealthy", detail: "x".repeat(1_001) } as const;
    await expect(record(beatOf(clock, "b"), beatOf(clock, "a", long))).rejects.toMatchObject({
      code: "E_USAGE",
      hint: expect.any(String),
    });
    expect(await read()).toHaveLength(1);
  });
});
