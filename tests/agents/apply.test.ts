import { expect, test } from "bun:test";
import { join } from "node:path";
import { applyPlan } from "../../src/agents/apply.ts";
import { newCharge } from "../../src/agents/charge.ts";
import type { Crew } from "../../src/agents/crew.ts";
import { listAgents, registerAgent } from "../../src/agents/registry.ts";
import { closeRun, openRun } from "../../src/agents/runs.ts";
import { ledgerOf } from "../../src/app/ledger.ts";
import { ownIdentity } from "../../src/core/identity.ts";
import type { Store } from "../../src/store/store.ts";
import { lockedBus } from "../helpers/locked-bus.ts";
import { tempBuses } from "../helpers/temp-bus.ts";
import { waitUntil } from "../helpers/wait-until.ts";
import { exists, idle, swarmPlaces } from "./swarm-place.ts";

const newPlace = swarmPlaces();
const { liveBus } = tempBuses();
const sleeper = { command: ["sleep", "1000"] };

test("scale says what is left in inboxes that nobody works on any more, and what to do about it", async () => {
  const place = await newPlace();
  const up = place.up({
    ok: sleeper,
    w: { ...sleeper, count: 2 },
    shared: { ...idle, inbox: "s" },
  });
  for (const name of ["ok", "w-1", "w-2"]) await place.becomes(name, "ready");
  for (const name of ["ok", "ok", "w-2"]) await place.send(name, "x");
  expect((await place.skep(["scale", "ok", "2"])).stdout).toBe(
    [
      "added: ok-1, ok-2",
      "removed: ok",
      "unchanged: 3",
      "2 messages are left in ok, which no agent works on any more",
      "  skep recv ok takes them out one by one, skep purge ok ends them",
      "",
    ].join("\n"),
  );
  const fewer = JSON.parse((await place.skep(["scale", "w", "1", "--json"])).stdout);
  expect(fewer).toMatchObject({ removed: ["w-2"], left: [{ inbox: "w-2", messages: 1 }] });
  // Nobody would see to what is sent there, so whoever sends is told.
  const refused = await place.skep(["send", "w-2", "y"]);
  expect([refused.status, refused.stderr]).toEqual([
    3,
    expect.stringContaining("no agent works on w-2 any more"),
  ]);
  expect((await place.skep(["recv", "w-2", "--ack"])).status).toBe(0);
  expect(JSON.parse((await place.skep(["scale", "w", "2", "--json"])).stdout).left).toEqual([]);
  await place.send("w-2", "y");
  up.kill("SIGTERM");
  await up.ended;
});

test("when all agents are replaced by others the swarm stays up, and has these", async () => {
  const place = await newPlace();
  const up = place.up({ a: sleeper });
  await place.becomes("a", "ready");
  const { stdout } = await place.skep(["scale", "a", "2"]);
  expect(stdout).toBe("added: a-1, a-2\nremoved: a\nunchanged: 0\n");
  for (const name of ["a-1", "a-2"]) await place.becomes(name, "ready");
  const { stdout: other } = await place.up({ b: sleeper }).ended;
  expect(other).toBe("added: b\nremoved: a-1, a-2\nunchanged: 0\n");
  await place.becomes("b", "ready");
  up.kill("SIGTERM");
  expect((await up.ended).status).toBe(143);
});

test("of an agent that is removed while it rests no host stays", async () => {
  const place = await newPlace();
  const flaky = { command: ["false"], restart: "on-failure", backoff_min: "1h", backoff_max: "1h" };
  const up = place.up({ f: { ...flaky, count: 2 } });
  const rests = await waitUntil("f-2 rests", async () => {
    const agent = await place.agent("f-2");
    return agent?.reason?.startsWith("starts again in") ? agent : undefined;
  });
  await place.skep(["scale", "f", "1"]);
  await waitUntil("its host has ended", () => !exists(rests.hostPid!));
  up.kill("SIGTERM");
  await up.ended;
});

test("an agent that was kept from starting starts once what it comes after is repaired, and so does whoever comes after it", async () => {
  const place = await newPlace();
  const never = { ...sleeper, ready: { log: "ready" }, ready_timeout: "100ms" };
  const soon = { command: ["sh", "-c", "echo ready; exec sleep 1000"], ready: { log: "ready" } };
  const others = {
    next: { ...sleeper, after: ["dep"] },
    last: { ...sleeper, after: ["next"] },
    bad: { command: ["false"], ready: { log: "ready" } },
    behind: { ...sleeper, after: ["bad"] },
    fine: sleeper,
  };
  const up = place.up({ dep: never, ...others });
  for (const name of ["dep", "next", "last", "bad", "behind"]) await place.becomes(name, "failed");
  const { stdout } = await place.up({ dep: soon, ...others }).ended;
  expect(stdout).toBe(
    [
      "started anew: dep",
      "started now: next, last",
      "unchanged: 3",
      "failed as before: bad, behind",
      "  skep restart bad starts it anew",
      "",
    ].join("\n"),
  );
  for (const name of ["dep", "next", "last"]) await place.becomes(name, "ready");
  expect((await place.agent("behind"))?.state).toBe("failed");
  up.kill("SIGTERM");
  await up.ended;
});

test("restart starts those, too, that were kept from starting by whom it starts", async () => {
  const place = await newPlace();
  const path = join(place.directory, "there");
  const command = ["sh", "-c", `test -e ${path} && echo ready && exec sleep 1000`];
  const dep = { command, ready: { log: "ready" } };
  const up = place.up({ dep, next: { ...sleeper, after: ["dep"] }, fine: sleeper });
  await place.becomes("dep", "failed");
  await place.becomes("next", "failed");
  await Bun.write(path, "");
  expect((await place.skep(["restart", "dep"])).stdout).toBe("dep\nstarted now: next\n");
  await place.becomes("next", "ready");
  up.kill("SIGTERM");
  await up.ended;
});

test("a person subscribes while a swarm runs, and an agent only for an inbox that is there", async () => {
  const place = await newPlace();
  const watch = "skep subscribe agents.health spy 2>&1; echo exit $?; exec sleep 1000";
  const up = place.up({
    nosy: { command: ["sh", "-c", watch], ready: { log: "exit 3" } },
    w: sleeper,
  });
  for (const name of ["nosy", "w"]) await place.becomes(name, "ready");
  expect(place.log("nosy")).toContain("there is no inbox spy");
  const { stdout } = await place.skep(["subscribe", "agents.health", "watcher"]);
  expect(JSON.parse(stdout)).toMatchObject({ inbox: "watcher", created: true });
  await place.skep(["restart", "w"]);
  const news = await place.skep(["recv", "watcher", "--wait", "100s"]);
  expect(JSON.parse(JSON.parse(news.stdout).body)).toMatchObject({ agent: "w" });
  expect((await place.skep(["send", "watchr", "x"])).status).toBe(3);
  up.kill("SIGTERM");
  await up.ended;
});

test("where the number of agents decides on the topology, whoever changes the one is told of the other", async () => {
  const place = await newPlace();
  const file = join(place.directory, "auto.json");
  const swarm = (count: number) =>
    Bun.write(
      file,
      JSON.stringify({ name: "s", topology: "auto", agents: { w: { ...sleeper, count } } }),
    );
  await swarm(2);
  const up = place.start(["up", file]);
  for (const name of ["w-1", "w-2"]) await place.becomes(name, "ready");
  await waitUntil("it is told", () => up.stderr().includes("s: mesh, for 2 agents"));
  expect((await place.skep(["scale", "w", "3"])).stdout).toBe("added: w-3\nunchanged: 2\n");
  expect((await place.skep(["scale", "w", "8"])).stdout).toContain(
    "unchanged: 3\ntopology: flat (8 agents without a coordinator: up to 100 of them are flat); it was mesh\n",
  );
  const again = await place.start(["up", file]).ended;
  // That it had to wait for its supervisor may be said, which topology it is may not: it says so below.
  expect(again.stderr).not.toContain("mesh");
  expect(again.stdout).toContain("topology: mesh (2 agents: up to 7 form a mesh); it was flat\n");
  up.kill("SIGTERM");
  expect((await up.ended).stderr.split("s: mesh, for 2 agents")).toHaveLength(2);
});

test("an agent that is in the file no more is gone for whoever sends after the next up, and while nothing runs it is not", async () => {
  const place = await newPlace();
  const first = place.up({ w: { ...sleeper, count: 2 } });
  await place.becomes("w-2", "ready");
  first.kill("SIGTERM");
  await first.ended;
  await place.send("w-2", "x");
  const second = place.up({ w: { ...sleeper, count: 1 } });
  await place.becomes("w-1", "ready");
  expect(place.send("w-2", "y")).rejects.toThrow("no agent works on w-2 any more");
  // It is still so for a supervisor that comes in the place of a killed one.
  const { id, pid } = (await place.app.lastRun())!;
  process.kill(pid, "SIGKILL");
  await waitUntil("it is back", async () => (await place.app.lastRun())!.id > id);
  await place.becomes("w-1", "ready");
  expect(place.send("w-2", "y")).rejects.toThrow("no agent works on w-2 any more");
  second.kill("SIGTERM");
  await second.ended;
  await place.send("w-2", "z");
});

test("a plan that has begun goes on when the database was locked in the middle of it", async () => {
  const bus = await liveBus();
  const gone = { name: "a", group: "a", runner: "exec", inbox: "a", token: "t", paused: false };
  const run = await bus.store.write(async (tx) => {
    const place = { boot: "b", namespace: "n", guardianPid: null, ...ownIdentity() };
    const run = await openRun(tx, { swarm: "s", file: "/s.toml", mark: "m", ...place });
    await registerAgent(tx, { ...gone, run } as Parameters<typeof registerAgent>[1]);
    return run;
  });
  const charge = newCharge({ ...gone } as never, 1, "t");
  charge.over.give();
  let locked: ReturnType<typeof lockedBus> | undefined;
  let writes = 0;
  const store: Store = {
    ...bus.store,
    write(fn, options) {
      // The plan is taken, and from then on somebody has the lock.
      if (++writes === 1) return bus.store.write(fn, options);
      if (locked === undefined) {
        locked = lockedBus(bus);
        void locked.refused.then(locked.unlock);
      }
      return locked.impatient.write(fn, options);
    },
  };
  const plan = { name: "s", file: "/s.toml", members: [], topology: "flat", groups: [] } as const;
  const crew = {
    run: { id: run, mark: "m" },
    plan: { ...plan, addressBook: "closed" },
    takeovers: [],
    charges: new Map([["a", charge]]),
    over: new AbortController(),
    supervision: { store, ledger: ledgerOf(bus), signal: new AbortController().signal },
  } as unknown as Crew;
  let kept = 0;
  const keep = () => void kept++;
  expect(await applyPlan(crew, crew.plan, {}, keep)).toMatchObject({ removed: ["a"] });
  await locked!.refused;
  expect([kept, await bus.store.read(listAgents)]).toEqual([1, []]);

  // One that is refused is not what the next scale, or the next supervisor, goes by.
  await bus.store.write((tx) => closeRun(tx, run, "{}"));
  await expect(applyPlan(crew, crew.plan, {}, keep)).rejects.toMatchObject({ code: "E_RUNNING" });
  expect(kept).toBe(1);
});
