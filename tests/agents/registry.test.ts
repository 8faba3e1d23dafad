import { describe, expect, test } from "bun:test";
import {
  type AgentState,
  checkIdentity,
  findAgent,
  forgetEarlierAgents,
  inboxOfAgent,
  listAgents,
  noteStarted,
  noteState,
  programsOf,
  registerAgent,
} from "../../src/agents/registry.ts";
import { closeRun, openRun } from "../../src/agents/runs.ts";
import type { Store } from "../../src/store/store.ts";
import { tempBuses } from "../helpers/temp-bus.ts";
import { idle, swarmPlaces } from "./swarm-place.ts";

const { handBus } = tempBuses();
const newPlace = swarmPlaces();
const host = { pid: 10, startTime: 100 };
const program = { pid: 11, startTime: 101 };

/** Opens a run with the agent `a`: its id. */
async function register(store: Store, agent: { inbox?: string; token?: string } = {}) {
  return await store.write(async (tx) => {
    const described = { swarm: "s", file: "f", mark: "m", boot: "b", ...host };
    const run = await openRun(tx, described);
    const given = { name: "a", run, runner: "exec", inbox: "a", token: "secret", ...agent };
    await registerAgent(tx, given);
    return run;
  });
}

describe("states", () => {
  test("an agent is starting, then ready with its host and program, then ended for good", async () => {
    const { store } = await handBus();
    await register(store);
    const now = () => store.read((tx) => findAgent(tx, "a"));
    expect(await now()).toMatchObject({ state: "starting", hostPid: null, startedAt: null });
    await store.write((tx) => noteStarted(tx, "a", host, program));
    const ready = { state: "ready", hostPid: 10, programPid: 11, programStartTime: 101 };
    expect(await now()).toMatchObject(ready);
    expect(programsOf([(await now())!])).toEqual([program]);
    await store.write((tx) => noteState(tx, "a", "failed", "it broke"));
    const failed = { state: "failed", reason: "it broke", hostPid: null, programPid: null };
    expect(await now()).toMatchObject(failed);
    expect(programsOf([(await now())!])).toEqual([]);
    for (const state of ["ready", "dead", "stopped"] satisfies AgentState[])
      await store.write((tx) => noteState(tx, "a", state, "too late"));
    await store.write((tx) => noteStarted(tx, "a", host));
    expect(await now()).toMatchObject(failed);
  });
  test("the next run begins with nothing of the last one", async () => {
    const { store } = await handBus();
    const first = await register(store, { inbox: "jobs" });
    await store.write(async (tx) => {
      await registerAgent(tx, { name: "b", run: first, runner: "self", inbox: "b", token: "t" });
      await noteStarted(tx, "a", host, program);
      await noteState(tx, "a", "dead", "it broke");
      await closeRun(tx, first, "{}");
    });
    const second = await register(store);
    await store.write((tx) => forgetEarlierAgents(tx, second));
    const [agent, ...others] = await store.read(listAgents);
    expect(others).toEqual([]);
    const blank = { reason: null, hostPid: null, programPid: null, startedAt: null };
    expect(agent).toMatchObject({ name: "a", state: "starting", inbox: "a", ...blank });
  });
});

test("the inbox of an agent is the one it works on, and that of anybody else his own", async () => {
  const { store } = await handBus();
  await register(store, { inbox: "jobs" });
  expect(await store.read((tx) => inboxOfAgent(tx, "a"))).toBe("jobs");
  expect(await store.read((tx) => inboxOfAgent(tx, "me"))).toBe("me");
});

test("a name is proved by its token for as long as its swarm runs", async () => {
  const { store } = await handBus();
  const run = await register(store);
  const check = (name: string, token?: string) =>
    store.read((tx) => checkIdentity(tx, name, token));
  await check("a", "secret");
  await check("me");
  for (const token of [undefined, "", "Secret"])
    await expect(check("a", token)).rejects.toMatchObject({ code: "E_IDENTITY" });
  const rows = await store.read((tx) => tx.all("select * from agents"));
  expect(JSON.stringify(rows)).not.toContain("secret");
  await store.write((tx) => closeRun(tx, run, "{}"));
  await check("a");
  // What is left of the last run's programs has lost the name to the next one's.
  await register(store, { token: "other" });
  await check("a", "other");
  await expect(check("a", "secret")).rejects.toMatchObject({ code: "E_IDENTITY" });
});

test("ps and status show every agent, for people and for programs", async () => {
  const place = await newPlace();
  const none = await place.skep(["ps"]);
  expect([none.status, none.stdout]).toEqual([0, ""]);
  expect((await place.skep(["status"])).stdout).toContain("no swarm was ever started here");
  const up = place.up({ a: { ...idle, inbox: "jobs" }, b: { command: ["false"] } });
  const { hostPid } = await place.becomes("a", "ready");
  await place.becomes("b", "failed");
  const lines = (await place.skep(["ps", "--json"])).stdout.trim().split("\n");
  const agents = lines.map((line) => JSON.parse(line));
  expect(agents).toEqual([
    expect.objectContaining({ name: "a", state: "ready", inbox: "jobs", host_pid: hostPid }),
    expect.objectContaining({ name: "b", state: "failed", reason: "false exited with 1" }),
  ]);
  const table = (await place.skep(["ps"])).stdout;
  expect(table).toMatch(/^NAME +STATE +RUNNER +INBOX +HOST +PROGRAM +SINCE +REASON$/m);
  expect(table).toMatch(new RegExp(`^a +ready +exec +jobs +${hostPid} +- `, "m"));
  expect(table).toMatch(/^b +failed +self +b .* false exited with 1$/m);
  const { run, agents: shown } = JSON.parse((await place.skep(["status", "--json"])).stdout);
  expect(run).toMatchObject({ swarm: "s", state: "running", pid: up.pid, alive: true });
  expect(shown).toEqual(agents);
  const status = (await place.skep(["status"])).stdout;
  expect(status).toMatch(/: s, run 1, running, started \S+ ago\nagents: 1 ready, 1 failed\n/);
  up.kill("SIGTERM");
  await up.ended;
  expect((await place.skep(["status"])).stdout).toContain("s, run 1, stopped");
});
