import { describe, expect, test } from "bun:test";
import {
  type Sign,
  changeBetween,
  see,
  silentMs,
  suspicionOf,
} from "../../src/agents/suspicion.ts";

const most = { silenceMs: 15_000, stoppedMs: 15_000 };
const start = 1_000;

const sign = (given: Partial<Sign> = {}): Sign => ({
  name: "a",
  host: 7,
  beatTick: start,
  hostState: "S",
  programState: "S",
  ...given,
});

const first = see(sign(), undefined, start, false);

describe("what is seen", () => {
  test("counts from the first look on, and from a later one when all begins anew", () => {
    const old = sign({ beatTick: start - 60_000 });
    const agent = see(old, undefined, start, false);
    expect(silentMs(agent, start + 5)).toBe(5);
    expect(silentMs(see(old, agent, start + 9_000, false), start + 9_000)).toBe(9_000);
    expect(silentMs(see(old, agent, start + 9_000, true), start + 9_000)).toBe(0);
    const heard = sign({ beatTick: start + 8_000 });
    expect(silentMs(see(heard, agent, start + 9_000, false), start + 9_000)).toBe(1_000);
  });

  test("an agent under another host has no past", () => {
    const stopped = see(sign({ hostState: "T", programState: "T" }), first, start + 1, false);
    const suspected = { ...stopped, suspicion: "silent" } as const;
    const anew = see(sign({ host: 8, programState: "T" }), suspected, start + 60_000, false);
    expect(anew).toMatchObject({
      sinceTick: start + 60_000,
      hostStoppedTick: null,
      programStoppedTick: start + 60_000,
      heard: true,
      suspicion: null,
    });
  });

  test("an agent is heard when its sign of life is another one than at the look before", () => {
    expect(see(sign({ beatTick: null }), undefined, start, false).heard).toBe(false);
    expect(first.heard).toBe(true);
    expect(see(sign(), first, start + 1, false).heard).toBe(false);
    expect(see(sign({ beatTick: start + 1 }), first, start + 1, false).heard).toBe(true);
  });

  test.each(["T", "t"])("%s is a process that is stopped, since it was first seen so", (state) => {
    const one = see(sign({ hostState: state }), first, start + 1, false);
    const two = see(sign({ hostState: state }), one, start + 2, false);
    expect([two.hostStoppedTick, two.programStoppedTick]).toEqual([start + 1, null]);
    expect(see(sign({ hostState: "R" }), two, start + 3, false).hostStoppedTick).toBeNull();
    expect(see(sign({ hostState: state }), two, start + 3, true).hostStoppedTick).toBe(start + 3);
  });

  test.each(["R", "S", "D", "Z", "I", null])("%p is one that is not", (state) => {
    const seen = see(sign({ hostState: state, programState: state }), first, start + 1, false);
    expect([seen.hostStoppedTick, seen.programStoppedTick]).toEqual([null, null]);
  });
});

describe("what is suspected", () => {
  test("is what is certain before what is only silent, and the host before the program", () => {
    const tick = start + 20_000;
    expect(suspicionOf(first, tick, most)).toBe("silent");
    const program = { ...first, programStoppedTick: start };
    expect(suspicionOf(program, tick, most)).toBe("program stopped");
    expect(suspicionOf({ ...program, hostStoppedTick: start }, tick, most)).toBe("host stopped");
  });

  test("begins after the time that is given, and not with it", () => {
    expect(suspicionOf(first, start + 15_000, most)).toBeNull();
    expect(suspicionOf(first, start + 15_001, most)).toBe("silent");
    const stopped = { ...first, hostStoppedTick: start + 100 };
    const patient = { silenceMs: 60_000, stoppedMs: 15_000 };
    expect(suspicionOf(stopped, start + 15_099, patient)).toBeNull();
    expect(suspicionOf(stopped, start + 15_100, patient)).toBe("host stopped");
  });

  test("stays until something is heard, however patient the detector becomes", () => {
    const silent = { ...first, heard: false, suspicion: "silent" } as const;
    const patient = { silenceMs: 120_000, stoppedMs: 15_000 };
    expect(suspicionOf(silent, start + 20_000, patient)).toBe("silent");
    const heard = { ...silent, heard: true, sign: sign({ beatTick: start + 19_000 }) };
    expect(suspicionOf(heard, start + 20_000, patient)).toBeNull();
  });

  test("of a host that goes on stays until it beats, of a program until it goes on", () => {
    const quiet = { ...first, heard: false };
    const host = { ...quiet, suspicion: "host stopped" } as const;
    expect(suspicionOf(host, start + 20_000, most)).toBe("host stopped");
    const program = {
      ...quiet,
      sign: sign({ beatTick: start + 19_000 }),
      suspicion: "program stopped",
    } as const;
    const stopped = { ...program, programStoppedTick: start + 19_000 };
    expect(suspicionOf(stopped, start + 20_000, most)).toBe("program stopped");
    expect(suspicionOf(program, start + 20_000, most)).toBeNull();
  });

  test("is nothing as long as a host is stopped for a short time only, however silent it is", () => {
    const stopped = { ...first, hostStoppedTick: start + 10_000 };
    expect(suspicionOf(stopped, start + 20_000, most)).toBeNull();
    expect(suspicionOf(stopped, start + 25_000, most)).toBe("host stopped");
  });
});

describe("what is told", () => {
  const tick = start + 20_500;
  const suspect = (suspicion: "silent" | "host stopped" | "program stopped") => ({
    ...first,
    hostStoppedTick: start + 5_000,
    programStoppedTick: start + 5_000,
    suspicion,
  });

  test.each([
    ["silent", "not heard of for 20.5s"],
    ["host stopped", "its host is stopped, and had been for 15.5s"],
    ["program stopped", "its program is stopped, and had been for 15.5s"],
  ] as const)("%s is told in words", (suspicion, reason) => {
    const change = { name: "a", suspect: true, reason };
    expect(changeBetween(first, suspect(suspicion), tick)).toEqual(change);
  });

  test.each([
    ["silent", "heard of again"],
    ["host stopped", "heard of again"],
    ["program stopped", "its program goes on"],
  ] as const)("and so is the end of %s", (suspicion, reason) => {
    const change = { name: "a", suspect: false, reason };
    expect(changeBetween(suspect(suspicion), first, tick)).toEqual(change);
  });

  test("is another reason too, but not the same once more", () => {
    const found = changeBetween(suspect("silent"), suspect("host stopped"), tick);
    expect(found).toMatchObject({ suspect: true, reason: expect.stringContaining("stopped") });
    expect(changeBetween(suspect("silent"), suspect("silent"), tick + 1_000)).toBeUndefined();
    expect(changeBetween(first, first, tick)).toBeUndefined();
  });
});
