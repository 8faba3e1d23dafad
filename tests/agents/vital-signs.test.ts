import { describe, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { newCharge } from "../../src/agents/charge.ts";
import type { Crew } from "../../src/agents/crew.ts";
import { readBeats, recordBeats } from "../../src/agents/heartbeat.ts";
import { exchangeBeats } from "../../src/agents/vital-signs.ts";
import { refusingVitals } from "../helpers/refusing-vitals.ts";
import { waitUntil } from "../helpers/wait-until.ts";
import { type Place, exists, fixtures, swarmPlaces } from "./swarm-place.ts";

const newPlace = swarmPlaces();

/** An agent that beats as long as there is a file `pulse`, which there is when `beats`. */
function beating(place: Place, beats: boolean) {
  const pulse = join(place.directory, "pulse");
  if (beats) writeFileSync(pulse, "");
  const agent = { command: ["sh", join(fixtures, "beat.sh"), pulse] };
  return { agent, start: () => writeFileSync(pulse, ""), stop: () => rmSync(pulse) };
}

describe("an agent that is to beat", () => {
  test("is ready with its first beat, and whoever comes after it starts then", async () => {
    const place = await newPlace();
    const { agent, start } = beating(place, false);
    const up = place.up({
      a: { ...agent, ready: "beat", ready_timeout: "1h" },
      next: { command: ["sleep", "1000"], after: ["a"] },
    });
    // Its host beats for it, and somebody has looked.
    await waitUntil("it runs", async () => (await place.agent("a"))?.lastBeatAt != null);
    expect(await place.agent("a")).toMatchObject({ state: "starting" });
    start();
    const { changedAt } = await place.becomes("a", "ready");
    expect((await place.becomes("next", "ready")).startedAt).toBeGreaterThanOrEqual(changedAt);
    up.kill("SIGTERM");
    await up.ended;
  });
  test("and does so no more has failed, is killed, and starts again", async () => {
    const place = await newPlace();
    const { agent, start, stop } = beating(place, true);
    // Each beat is a process of its own, and those start slowly on a busy machine: there it is killed now and then.
    const restart = { restart: "on-failure", restart_max: 1_000 };
    const up = place.up({
      a: { ...agent, ...restart, live: { beat: "8s" }, backoff_min: "3s", backoff_max: "3s" },
    });
    await place.becomes("a", "ready");
    const lastBeat = async () => {
      const beats = await (await place.app.vitals()).read(readBeats);
      return beats.find(({ agent: name }) => name === "a")?.saidTick;
    };
    let life: { startedAt: number | null; tick: number } | undefined;
    // From one beat to the next, for longer than it may be silent.
    const { programPid, restarts } = await waitUntil("it has beaten for long", async () => {
      const { programPid, startedAt, restarts } = (await place.agent("a"))!;
      const tick = await lastBeat();
      if (tick == null || programPid === null) return false;
      if (life?.startedAt !== startedAt) life = { startedAt, tick };
      return tick - life.tick > 8_500 && { programPid, restarts };
    });
    const toldBefore = up.stderr().length;
    stop();
    const why = /^a starts again in 3\.0s: no beat for (([89]|\d\d)\.\ds|\d+m)/m;
    await waitUntil("it is told", () => why.test(up.stderr().slice(toldBefore)));
    await waitUntil("it is gone", () => !exists(programPid));
    start();
    const again = await waitUntil("it started again", async () => {
      const now = (await place.agent("a"))!;
      return now.restarts > restarts && now.state === "ready" && now;
    });
    expect(again.reason).toBeNull();
    up.kill("SIGTERM");
    await up.ended;
  }, 240_000);
});

const newVitals = refusingVitals();

/** A crew of one agent that is to beat every 3 s, over a vitals.db that refuses when it is told to, on a clock that the test moves. */
function newCrew() {
  const file = newVitals();
  const { clock, vitals, openVitals } = file;
  const killed: string[] = [];
  let refusedTick: number | undefined;
  const member = { name: "a", liveBeatMs: 3_000 };
  const charge = newCharge(member as never, 1, "token");
  const host = { pid: 7, tell: (order: { reason: string }) => killed.push(order.reason) };
  const running = { state: "ready", toldTick: clock.tick(), startedTick: clock.tick(), host };
  Object.assign(charge, running);
  const crew = {
    charges: new Map([["a", charge]]),
    supervision: { clock, vitals, openVitals, vitalsRefusedTick: () => refusedTick },
    silenced: new Map<string, number>(),
    copiedTick: new Map(),
    vitalsTick: 0,
    awakeTick: clock.tick(),
    record: { note: async () => {} },
  } as unknown as Crew;
  return {
    ...file,
    crew,
    killed,
    /** Something else was written in vain. */
    refuse: () => void (refusedTick = clock.tick()),
    /** A look each second, `seconds` long. */
    async look(seconds: number): Promise<void> {
      for (let second = 0; second < seconds; second++) {
        clock.pass(1_000);
        await exchangeBeats(crew, clock.tick());
      }
    },
    async beat(): Promise<void> {
      const said = { status: "healthy", detail: null } as const;
      const beat = { agent: "a", at: clock.now(), tick: clock.tick(), boot: clock.boot, said };
      await (await vitals()).write((tx) => recordBeats(tx, [{ ...beat, pid: 8 }]));
    },
  };
}

describe("a beat right after the start", () => {
  test("is not forgotten with those of the life before", async () => {
    const { look, beat, crew, clock, vitals } = newCrew();
    await beat();
    clock.pass(1);
    crew.silenced.set("a", clock.tick());
    clock.pass(1);
    Object.assign(crew.charges.get("a")!, { toldTick: clock.tick(), startedTick: clock.tick() });
    clock.pass(1);
    await beat();
    const saidTick = clock.tick();
    await look(1);
    expect(await (await vitals()).read(readBeats)).toMatchObject([{ agent: "a", saidTick }]);
    expect(crew.silenced.size).toBe(0);
  });

  test("counts also when it comes before its host's word that it runs is heard", async () => {
    const { look, beat, crew, clock } = newCrew();
    const charge = crew.charges.get("a")!;
    charge.toldTick = clock.tick();
    clock.pass(1);
    await beat();
    clock.pass(1);
    charge.startedTick = clock.tick();
    Object.assign(charge, { state: "starting" });
    charge.member.readyByBeat = { timeoutMs: 5_000 };
    await look(1);
    expect(charge).toMatchObject({ state: "ready" });
  });
});

test("a beat of an agent that ends while the file is waited for is written as it was", async () => {
  const { look, crew, clock, vitals } = newCrew();
  const charge = crew.charges.get("a")!;
  clock.pass(1);
  const tick = clock.tick();
  charge.beatTick = tick;
  crew.supervision.vitals = async () => {
    Object.assign(charge, { beatTick: null, host: undefined });
    return await vitals();
  };
  await look(1);
  expect(await (await vitals()).read(readBeats)).toMatchObject([{ agent: "a", tick }]);
  expect(crew.vitalsTick).toBe(tick);
});

describe("who could not beat", () => {
  test("is not ended for its silence, and whoever could is", async () => {
    const { look, beat, killed } = newCrew();
    await beat();
    await look(3);
    expect(killed).toEqual([]);
    await look(1);
    expect(killed).toEqual(["no beat for 4.0s"]);
  });

  test("because the file could not be written has all its time again when it can", async () => {
    const { look, beat, killed, forbid, allow } = newCrew();
    await beat();
    await look(1);
    forbid();
    await look(20);
    allow();
    await look(3);
    expect(killed).toEqual([]);
    await look(1);
    expect(killed).toEqual(["no beat for 4.0s"]);
  });

  test("because the file was damaged has all its time again in the next one", async () => {
    const { look, beat, killed, path, remove } = newCrew();
    await beat();
    await look(1);
    remove();
    writeFileSync(path, "x".repeat(5_000));
    await look(20);
    expect(killed).toEqual([]);
    remove();
    await look(4);
    expect(killed).toEqual([]);
    await look(1);
    expect(killed).toEqual(["no beat for 4.0s"]);
  });

  test("because it could not open a file that we have open is not ended", async () => {
    const { look, beat, killed, path, vitals } = newCrew();
    await beat();
    // Its log is not to have the beginning of the file, or everybody would find it there.
    await (await vitals()).checkpoint();
    await look(1);
    // Another process does so: this one would lose its locks.
    const words = ["dd", "if=/dev/urandom", `of=${path}`, "bs=100", "count=1", "conv=notrunc"];
    expect(Bun.spawnSync(words, { stderr: "ignore" }).exitCode).toBe(0);
    await look(20);
    expect(killed).toEqual([]);
  });

  test("because it could not write has half of its time at least from when it can, whenever that is", async () => {
    for (const seconds of [1, 2, 3, 4, 5, 6, 7, 8]) {
      const { look, beat, killed, barNewcomers } = newCrew();
      await beat();
      barNewcomers(true);
      await look(seconds);
      barNewcomers(false);
      await look(1);
      await beat();
      await look(3);
      expect([seconds, killed]).toEqual([seconds, []]);
    }
  });

  test("because what others wrote found no room is not ended, though we found some", async () => {
    const { look, beat, killed, refuse } = newCrew();
    await beat();
    for (let times = 0; times < 10; times++) {
      await look(2);
      refuse();
    }
    expect(killed).toEqual([]);
    await look(4);
    expect(killed).toEqual(["no beat for 4.0s"]);
  });

  test("because all were stopped in the middle of a look is not ended by that look", async () => {
    for (const name of ["vitals", "openVitals"] as const) {
      const { look, beat, killed, crew, clock } = newCrew();
      await beat();
      await look(1);
      const open = crew.supervision[name];
      crew.supervision[name] = async () => {
        clock.pass(20_000);
        return await open();
      };
      const before = clock.tick();
      await look(1);
      expect([name, clock.tick() - before, killed]).toEqual([name, 21_000, []]);
    }
  });

  test("where it was seen, because the file was deleted, is not taken for silent", async () => {
    const { look, beat, killed, remove } = newCrew();
    for (let second = 0; second < 10; second++) {
      await beat();
      await look(1);
    }
    remove();
    await look(3);
    expect(killed).toEqual([]);
    await beat();
    await look(3);
    expect(killed).toEqual([]);
  });
});
