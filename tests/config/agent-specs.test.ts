import { describe, expect, test } from "bun:test";
import * as v from "valibot";
import { agentSpecs } from "../../src/config/agent-specs.ts";
import { agentGroup } from "../../src/config/schema/agent-group.ts";
import { agentDefaults } from "../../src/config/swarm.ts";

/** The agents of a group `a` as it is written, in /d, on a machine of 4 cores. */
const specs = (given: object, cores = 4) =>
  agentSpecs("a", v.parse(agentGroup, { command: ["sh"], ...given }), "/d", cores);
const spec = (given: object, cores?: number) => specs(given, cores)[0]!;

describe("an agent", () => {
  test("of which nothing is said has every default", () => {
    expect(spec({})).toMatchObject({ ...agentDefaults, runner: "self", atOnce: 8, cwd: "/d" });
    expect(agentDefaults).toEqual({
      terminal: false,
      inFlight: 1,
      limits: {},
      pool: 0,
      spare: 0,
      role: "worker",
      team: null,
      after: [],
      ready: "start",
      readyTimeoutMs: 30_000,
      live: null,
      restart: "on-failure",
      restartMax: 3,
      restartPeriodMs: 60_000,
      backoffMinMs: 1_000,
      backoffMaxMs: 60_000,
      successExitCodes: [0],
      stopGraceMs: null,
      logBytesMax: null,
    });
  });
  test("is as its group says", () => {
    expect(
      spec({
        runner: "stream",
        in_flight: 3,
        count: 9,
        pool: 2,
        spare: 1,
        role: "coordinator",
        team: "red",
        after: ["b", "c", "b"],
        ready_timeout: "2m",
        restart: "always",
        restart_max: 9,
        restart_period: "5m",
        backoff_min: "2s",
        backoff_max: "3s",
        success_exit_codes: [0, 7],
        stop_grace: "0s",
        log_bytes_max: 5_000,
      }),
    ).toMatchObject({
      inFlight: 3,
      pool: 2,
      spare: 1,
      role: "coordinator",
      team: "red",
      after: ["b", "c"],
      readyTimeoutMs: 120_000,
      restart: "always",
      restartMax: 9,
      restartPeriodMs: 300_000,
      backoffMinMs: 2_000,
      backoffMaxMs: 3_000,
      successExitCodes: [0, 7],
      stopGraceMs: 0,
      logBytesMax: 5_000,
    });
    expect(spec({ terminal: true }).terminal).toBe(true);
  });
  test("has every key, whatever is said", () => {
    const keys = Object.keys(spec({})).toSorted();
    expect(
      Object.keys(spec({ runner: "stream", pool: true, live: { beat: "1s" } })).toSorted(),
    ).toEqual(keys);
  });
  test("survives being handed on as JSON", () => {
    const limits = { cap: 5 };
    for (const given of [{}, { limits, ready: { log: "x" }, live: { beat: "1s" } }])
      expect(JSON.parse(JSON.stringify(spec(given)))).toEqual(spec(given));
  });
});

describe("a pool", () => {
  const exec = { runner: "exec", count: 100 };
  test("has as many hosts as it says, or as there are cores and 8 at most", () => {
    expect(spec({ ...exec, pool: 3 }).pool).toBe(3);
    expect(spec({ ...exec, pool: true }).pool).toBe(4);
    expect(spec({ ...exec, pool: true }, 64).pool).toBe(8);
    expect(spec({ ...exec, pool: false }).pool).toBe(0);
  });
  test("has no more hosts than agents", () => {
    expect(spec({ ...exec, count: 2, pool: true }).pool).toBe(2);
    expect(spec({ runner: "exec", pool: 5 }).pool).toBe(1);
  });
  test("runs twice as many programs at once as there are cores", () => {
    expect(spec({ ...exec, pool: true }).atOnce).toBe(8);
    expect(spec({ ...exec, pool: true, at_once: 3 }).atOnce).toBe(3);
  });
});

describe("what is looked for", () => {
  test("to tell that it is ready", () => {
    const ready = (given: unknown) => spec({ ready: given }).ready;
    expect(ready("beat")).toBe("beat");
    expect(ready({ log: "listening" })).toEqual({ log: "listening" });
    expect(ready({ command: ["./probe.sh", "x"] })).toEqual({ command: ["/d/probe.sh", "x"] });
  });
  test("to tell that it is alive", () => {
    const live = (given: unknown) => spec({ live: given }).live;
    expect(live({ beat: "60s" })).toEqual({ beatMs: 60_000 });
    const usual = { everyMs: 10_000, timeoutMs: 5_000, failures: 3 };
    expect(live({ command: ["curl"] })).toEqual({ ...usual, command: ["curl"] });
    const command = ["../probe"];
    expect(live({ command, every: "1s", timeout: "2s", failures: 1 })).toEqual({
      command: ["/probe"],
      everyMs: 1_000,
      timeoutMs: 2_000,
      failures: 1,
    });
  });
});

test("limits are a number per second, and only those that were said", () => {
  const limits = { cap: 5, rate: "60/m", burst: 2, sends_rate: "0.5/s" };
  expect(Object.entries(spec({ limits }).limits)).toEqual([
    ["cap", 5],
    ["ratePerS", 1],
    ["burst", 2],
    ["sendsRatePerS", 0.5],
  ]);
});
