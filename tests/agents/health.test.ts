import { describe, expect, test } from "bun:test";
import { usualTimes } from "../../src/agents/detector.ts";
import { type Evidence, clusterHealth } from "../../src/agents/health.ts";
import { type LastBeat, beatKeepMs } from "../../src/agents/heartbeat.ts";

const tick = 10_000_000;
const at = 1_700_000_000_000;

const member = (name: string, state = "ready", reason: string | null = null) => ({
  name,
  state,
  reason,
});

/** A sign of life some milliseconds ago. */
const beat = (agent: string, agoMs = 1_000, said: Partial<LastBeat> = {}): LastBeat => ({
  agent,
  at: at - agoMs,
  tick: tick - agoMs,
  boot: "b",
  pid: 7,
  status: "healthy",
  detail: null,
  saidTick: null,
  ...said,
});

const says = (status: LastBeat["status"], detail: string | null, agoMs = 1_000) =>
  ({ status, detail, saidTick: tick - agoMs }) as const;

const health = (given: Partial<Evidence>) =>
  clusterHealth({
    members: [],
    beats: [],
    tick,
    boot: "b",
    watched: true,
    times: usualTimes,
    ...given,
  });

describe("the health of all", () => {
  test("without any agent is no percentage", () => {
    const none = { total: 0, healthy: 0, degraded: 0, unhealthy: 0, unknown: 0 };
    expect(health({})).toEqual({ ...none, percentage: null, agents: [] });
  });

  test("counts every agent once, and tells of those that are not well, the worst first", () => {
    const members = ["e", "d", "c", "b", "a"].map((name) => member(name));
    members.push(member("f", "starting"));
    members.push(member("z", "failed", "exited with 1"));
    const beats = [
      ...["a", "b", "c", "d"].map((name) => beat(name)),
      beat("e", 2_000, says("degraded", "slow")),
      beat("z"),
    ];
    expect(health({ members, beats })).toEqual({
      total: 7,
      healthy: 4,
      degraded: 1,
      unhealthy: 1,
      unknown: 1,
      percentage: 57,
      agents: [
        {
          name: "z",
          health: "unhealthy",
          reason: "failed: exited with 1",
          state: "failed",
          lastBeatAt: at - 1_000,
          lastBeatMs: 1_000,
        },
        {
          name: "e",
          health: "degraded",
          reason: "it says: slow",
          state: "ready",
          lastBeatAt: at - 2_000,
          lastBeatMs: 2_000,
        },
        {
          name: "f",
          health: "unknown",
          reason: "not heard of yet",
          state: "starting",
          lastBeatAt: null,
          lastBeatMs: null,
        },
      ],
    });
  });

  test("does not count those that have stopped, whatever they said", () => {
    const members = [member("a", "stopped"), member("b")];
    const beats = [beat("a", 60_000, says("unhealthy", null)), beat("b")];
    expect(health({ members, beats })).toMatchObject({ total: 1, healthy: 1, percentage: 100 });
  });

  test("is never 100 % while one of many is not well", () => {
    const members = Array.from({ length: 708 }, (_, n) => member(`a-${n}`));
    members[0] = member("a-0", "starting");
    const beats = members.slice(1).map(({ name }) => beat(name));
    expect(health({ members, beats }).percentage).toBe(99);
  });
});

/** How the only agent is, and why. */
function only(given: Partial<Evidence>): [string, string | undefined] {
  const { agents, healthy, total } = health(given);
  expect(total).toBe(1);
  return healthy === 1 ? ["healthy", undefined] : [agents[0]!.health, agents[0]!.reason];
}

describe("an agent", () => {
  const members = [member("a")];

  test.each(["failed", "dead", "suspect"])("that is %s is unhealthy, for that reason", (state) => {
    const well = [beat("a")];
    const told = only({ members: [member("a", state, "it broke")], beats: well });
    expect(told).toEqual(["unhealthy", `${state}: it broke`]);
    expect(only({ members: [member("a", state)], beats: well })).toEqual(["unhealthy", state]);
  });

  test.each(["starting", "ready", "busy", "paused", "stopping"])("that is %s is well", (state) => {
    expect(only({ members: [member("a", state)], beats: [beat("a")] })[0]).toBe("healthy");
  });

  test("is what it says it is, for an hour", () => {
    const told = (said: Partial<LastBeat>) => only({ members, beats: [beat("a", 1_000, said)] });
    expect(told(says("degraded", null))).toEqual(["degraded", "it says it is degraded"]);
    expect(told(says("unhealthy", "no disk"))).toEqual(["unhealthy", "it says: no disk"]);
    expect(told(says("healthy", "fine"))[0]).toBe("healthy");
    expect(told(says("unhealthy", "no disk", beatKeepMs))[0]).toBe("unhealthy");
    expect(told(says("unhealthy", "no disk", beatKeepMs + 1))[0]).toBe("healthy");
  });

  test("that is silent is left to those who watch it, as long as they can have doubts", () => {
    const silent = (agoMs: number, watched: boolean) =>
      only({ members, beats: [beat("a", agoMs)], watched });
    expect(silent(120_000, true)[0]).toBe("healthy");
    expect(silent(120_001, true)).toEqual(["unhealthy", "not heard of for 2m"]);
    expect(silent(30_000, false)[0]).toBe("healthy");
    expect(silent(30_001, false)).toEqual(["unhealthy", "not heard of for 30.0s"]);
    expect(silent(beatKeepMs * 5, false)).toEqual(["unhealthy", "not heard of for 5h"]);
  });

  test("whose silence outlasts what it said is unhealthy, not degraded", () => {
    const beats = [beat("a", 40_000, says("degraded", "slow", 40_000))];
    expect(only({ members, beats, watched: false })[0]).toBe("unhealthy");
  });

  test("that was last heard of before the machine started anew is unknown", () => {
    const beats = [beat("a", 1_000, { boot: "the boot before", ...says("unhealthy", "x") })];
    expect(only({ members, beats, watched: false })).toEqual(["unknown", "not heard of yet"]);
  });

  test("that is ready is well as soon as somebody watches it, though no sign of life is written down yet", () => {
    expect(only({ members, beats: [] })[0]).toBe("healthy");
    expect(only({ members: [member("a", "starting")], beats: [] })[0]).toBe("unknown");
    expect(only({ members, beats: [], watched: false })[0]).toBe("unknown");
  });

  test("of no swarm is what it says it is while that is fresh, then unknown for an hour, and then does not count", () => {
    const told = (one: LastBeat) => only({ beats: [one] });
    const ill = (agoMs: number, detail: string | null = "no disk") =>
      told(beat("ada", agoMs, says("unhealthy", detail, agoMs)));
    expect(told(beat("ada"))[0]).toBe("healthy");
    expect(ill(30_000)).toEqual(["unhealthy", "it says: no disk"]);
    expect(ill(30_001)).toEqual(["unknown", "not heard of for 30.0s; then it said: no disk"]);
    expect(ill(60_000, null)).toEqual(["unknown", "not heard of for 1m; then it said: unhealthy"]);
    expect(told(beat("ada", beatKeepMs))).toEqual(["unknown", "not heard of for 1h"]);
    expect(health({ beats: [beat("ada", beatKeepMs + 1)] }).total).toBe(0);
    expect(health({ beats: [beat("ada", 1, { boot: "the boot before" })] }).total).toBe(0);
  });
});
