import { describe, expect, test } from "bun:test";
import {
  type AgentChange,
  checkIdentity,
  findAgent,
  forgetEarlierAgents,
  inboxOfAgent,
  listAgents,
  isPaused,
  noteChange,
  programsOf,
  registerAgent,
} from "../../src/agents/registry.ts";
import { closeRun, openRun } from "../../src/agents/runs.ts";
import type { Store } from "../../src/store/store.ts";
import { claimTx } from "../../src/bus/claim.ts";
import { put } from "../bus/verbs.ts";
import { tempBuses } from "../helpers/temp-bus.ts";
import { idle, swarmPlaces } from "./swarm-place.ts";

const { handBus } = tempBuses();
const newPlace = swarmPlaces();
const host = { pid: 10, startTime: 100 };
const program = { pid: 11, startTime: 101 };

/** Opens a run with the agent `a`: its id. */
async function register(store: Store, agent: { inbox?: string; token?: string } = {}) {
  return await store.write(async (tx) => {
    const place = { boot: "b", namespace: "n", guardianPid: null };
    const described = { swarm: "s", file: "f", mark: "m", ...place, ...host };
    const run = await openRun(tx, described);
    const given = { name: "a", group: "a", run, runner: "exec", inbox: "a", token: "secret" };
    await registerAgent(tx, { ...given, ...agent });
    return run;
  });
}

test("agents are listed by their group, and there by their number", async () => {
  const { store } = await handBus();
  const run = await register(store);
  const names = ["b-10", "b-2", "b-1"];
  for (const name of names)
    await store.write((tx) =>
      registerAgent(tx, { name, group: "b", run, runner: "exec", inbox: name, token: "t" }),
    );
  const listed = (await store.read(listAgents)).map(({ name }) => name);
  expect(listed).toEqual(["a", "b-1", "b-2", "b-10"]);
});

describe("states", () => {
  test("an agent is starting, then ready with its host and program, then ended without either", async () => {
    const { store } = await handBus();
    await register(store);
    const now = () => store.read((tx) => findAgent(tx, "a"));
    const note = (change: AgentChange) => store.write((tx) => noteChange(tx, "a", change));
    expect(await now()).toMatchObject({ state: "starting", hostPid: null, startedAt: null });
    await note({ state: "ready", host, program, started: true });
    const ready = { state: "ready", hostPid: 10, programPid: 11, programStartTime: 101 };
    expect(await now()).toMatchObject(ready);
    expect((await now())!.startedAt).toBe((await now())!.changedAt);
    expect(programsOf([(await now())!])).toEqual([program]);
    await note({ restarts: 2, evidence: "oh no" });
    expect(await now()).toMatchObject({ ...ready, restarts: 2, evidence: "oh no" });
    await note({ state: "failed", reason: "it broke" });
    const failed = { state: "failed", reason: "it broke", hostPid: null, programPid: null };
    expect(await now()).toMatchObject(failed);
    expect(programsOf([(await now())!])).toEqual([]);
  });
  test("one that is ready and holds something is busy", async () => {
    const bus = await handBus();
    await register(bus.store);
    const state = async () => (await bus.store.read((tx) => findAgent(tx, "a")))?.state;
    await bus.store.write((tx) => noteChange(tx, "a", { state: "ready" }));
    await put(bus, "a");
    expect(await state()).toBe("ready");
    const claim = { inbox: "a", holder: "a", max: 1, leaseMs: 60_000 };
    await bus.store.write((tx) => claimTx(tx, bus.settings, claim));
    expect(await state()).toBe("busy");
    await bus.store.write((tx) => noteChange(tx, "a", { state: "suspect" }));
    expect(await state()).toBe("suspect");
  });
  test("a paused one is known as such until it is paused no more", async () => {
    const { store } = await handBus();
    await register(store);
    const paused = () => store.read((tx) => isPaused(tx, "a"));
    expect(await paused()).toBe(false);
    await store.write((tx) => noteChange(tx, "a", { paused: true }));
    expect(await paused()).toBe(true);
    await store.write((tx) => noteChange(tx, "a", { paused: false }));
    expect(await paused()).toBe(false);
  });
  test("the next run begins with nothing of the last one", async () => {
    const { store } = await handBus();
    const first = await register(store, { inbox: "jobs" });
    await store.write(async (tx) => {
      const other = { name: "b", group: "b", runner: "self", inbox: "b", token: "t" };
      await registerAgent(tx, { ...other, run: first });
      await noteChange(tx, "a", { state: "ready", host, program, restarts: 3 });
      await noteChange(tx, "a", { state: "dead", reason: "it broke" });
      await closeRun(tx, first, "{}");
    });
    const second = await register(store);
    await store.write((tx) => forgetEarlierAgents(tx, second));
    const [agent, ...others] = await store.read(listAgents);
    expect(others).toEqual([]);
    const blank = { reason: null, restarts: 0, hostPid: null, programPid: null, startedAt: null };
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
  const up = place.up({
    a: { ...idle, inbox: "jobs" },
    b: { command: ["false"], restart: "never" },
  });
  const { hostPid } = await place.becomes("a", "ready");
  await place.becomes("b", "failed");
  const lines = (await place.skep(["ps", "--json"])).stdout.trim().split("\n");
  const agents = lines.map((line) => JSON.parse(line));
  expect(agents).toEqual([
    expect.objectContaining({ name: "a", state: "ready", inbox: "jobs", host_pid: hostPid }),
    expect.objectContaining({ name: "b", state: "failed", reason: "false exited with 1" }),
  ]);
  const table = (await place.skep(["ps"])).stdout;
  expect(table).toMatch(/^NAME +STATE +RUNNER +INBOX +HOST +PROGRAM +RESTARTS +SINCE +REASON$/m);
  expect(table).toMatch(new RegExp(`^a +ready +exec +jobs +${hostPid} +- +0 `, "m"));
  expect(table).toMatch(/^b +failed +self +b .* false exited with 1$/m);
  const { run, agents: shown } = JSON.parse((await place.skep(["status", "--json"])).stdout);
  expect(run).toMatchObject({ swarm: "s", state: "running", alive: true });
  // Its host beats meanwhile.
  const unbeaten = (all: object[]) => all.map((one) => ({ ...one, last_beat_at: null }));
  expect(unbeaten(shown)).toEqual(unbeaten(agents));
  const status = (await place.skep(["status"])).stdout;
  expect(status).toMatch(/: s, run 1, running, started \S+ ago\nagents: 1 ready, 1 failed\n/);
  up.kill("SIGTERM");
  await up.ended;
  expect((await place.skep(["status"])).stdout).toContain("s, run 1, stopped");
});
