import { describe, expect, test } from "bun:test";
import { Database } from "bun:sqlite";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { receive } from "../../src/bus/receive.ts";
import { findOpenRun, findRun, noteSeen, openRun, unseenMaxMs } from "../../src/agents/runs.ts";
import { reapDeadRun } from "../../src/agents/shutdown.ts";
import { ledgerOf } from "../../src/app/ledger.ts";
import type { Store } from "../../src/store/store.ts";
import { tempBuses } from "../helpers/temp-bus.ts";
import { waitUntil } from "../helpers/wait-until.ts";
import { type Place, exists, fixtures, idle, readOrNothing, swarmPlaces } from "./swarm-place.ts";

const newPlace = swarmPlaces();
const { handBus } = tempBuses();

/** An exec agent that works on each message until the file `go` is there. */
function slow(place: Place) {
  const script = `echo begun >&2; until test -e ${join(place.directory, "go")}; do sleep 0.01; done`;
  return { runner: "exec", command: ["sh", "-c", script] };
}

/** A self agent that waits for its first message, and ends when there will be none. */
const waiting = { command: ["skep", "recv", "--wait", "1h"] };

const deaf = { command: ["sh", join(fixtures, "deaf.sh")] };

describe("the first signal", () => {
  test("finishes what is in hand and parks the rest, and the next up brings that back", async () => {
    const place = await newPlace('[agents]\nstop_grace = "200ms"\ndrain_timeout = "5m"\n');
    const up = place.up({ a: slow(place), b: idle }, ["--json"]);
    await place.becomes("a", "ready");
    for (const body of ["1", "2", "3"]) await place.send("a", body);
    await waitUntil("it has begun", () => readOrNothing(logOf(place, "a")) === "begun\n");
    up.kill("SIGINT");
    await waitUntil(
      "the drain is on",
      async () => (await place.app.lastRun())?.state === "stopping",
    );
    for (const words of [
      ["send", "a", "x"],
      ["recv", "b"],
    ]) {
      const refused = await place.skep([...words, "--json"]);
      expect([refused.status, JSON.parse(refused.stderr).error.code]).toEqual([4, "E_DRAINING"]);
    }
    expect((await place.ledger("a"))["leased"]).toBe(1);
    writeFileSync(join(place.directory, "go"), "");
    const { status, stdout, stderr } = await up.ended;
    expect(status).toBe(130);
    expect(JSON.parse(stdout)).toMatchObject({
      agents: { stopped: 2, failed: 0, dead: 0 },
      parked: 2,
      returned: 0,
      killed: 0,
      conservation: { in: 3, live: 2, ended: 1, holds: true },
    });
    expect(stderr).toContain("s: draining; once more skips the waiting\n");
    expect(await place.ledger("a")).toMatchObject({ acked: 1, parked: 2, ready: 0 });

    const again = place.up({ a: { runner: "exec", command: ["true"] } });
    await waitUntil("all is done", async () => (await place.ledger("a"))["acked"] === 3);
    again.kill("SIGTERM");
    expect((await again.ended).status).toBe(143);
  });
  test("programs that wait for work hear of the drain and leave by themselves", async () => {
    const place = await newPlace('[agents]\nstop_grace = "200ms"\ndrain_timeout = "5m"\n');
    // As long as it holds something nobody tells it to end: it hears first, however late that is.
    const script = `line=$(skep recv) && skep recv --wait 1h
      r=\${line#*\\"receipt\\":\\"}; skep ack "\${r%%\\"*}"`;
    await place.send("a", "x");
    const up = place.up({ a: { command: ["sh", "-c", script] } }, ["--json"]);
    const waits = "select 1 from waiters where inbox = 'a' and waiting = 1";
    const isWaiting = async () => (await place.app.store.read((tx) => tx.get(waits))) !== undefined;
    await waitUntil("it waits", isWaiting);
    up.kill("SIGTERM");
    const summary = JSON.parse((await up.ended).stdout);
    expect(summary).toMatchObject({ agents: { stopped: 1 }, parked: 0, returned: 0 });
    expect(summary.drain_ms).toBeLessThan(150_000);
    expect(place.log("a")).toContain("the bus is draining");
  }, 240_000);
  test("what does not finish in time is killed, and its message taken back unspent", async () => {
    const place = await newPlace('[agents]\nstop_grace = "100ms"\ndrain_timeout = "200ms"\n');
    const up = place.up({ a: slow(place), b: deaf }, ["--json"]);
    await place.becomes("a", "ready");
    const id = await place.send("a", "1");
    await waitUntil(
      "both are at it",
      () =>
        readOrNothing(logOf(place, "a")) === "begun\n" && readOrNothing(logOf(place, "b")) !== "",
    );
    up.kill("SIGTERM");
    const summary = JSON.parse((await up.ended).stdout);
    expect(summary).toMatchObject({ parked: 1, returned: 1, agents: { stopped: 2, dead: 0 } });
    expect(summary.killed).toBeGreaterThanOrEqual(1);
    expect(summary.drain_ms).toBeGreaterThanOrEqual(250);
    const outcome = "select outcome from attempts where delivery_id = $id";
    const rows = await place.app.store.read((tx) => tx.all(outcome, { id }));
    expect(rows).toEqual([{ outcome: "returned" }]);
  });
});

test("the second signal skips the waiting", async () => {
  const place = await newPlace('[agents]\nstop_grace = "1h"\ndrain_timeout = "1h"\n');
  const up = place.up({ a: slow(place), b: deaf }, ["--json"]);
  await place.becomes("a", "ready");
  await place.send("a", "1");
  await waitUntil("it has begun", () => readOrNothing(logOf(place, "a")) === "begun\n");
  up.kill("SIGINT");
  await waitUntil("the drain is on", async () => (await place.app.lastRun())?.state === "stopping");
  up.kill("SIGINT");
  const { status, stdout } = await up.ended;
  expect(status).toBe(130);
  expect(JSON.parse(stdout)).toMatchObject({ parked: 1, returned: 1 });
  expect(JSON.parse(stdout).drain_ms).toBeLessThan(150_000);
});

test("the third signal leaves at once; the hosts notice, and down clears up", async () => {
  const place = await newPlace('[agents]\nstop_grace = "200ms"\n[store]\nbusy_timeout = "1h"\n');
  const up = place.up({ a: idle, b: waiting });
  for (const name of ["a", "b"]) await place.becomes(name, "ready");
  // Under a lock it gets nowhere, however much it hurries.
  const unlock = lock(place);
  for (const said of ["once more skips the waiting", "once more leaves at once"]) {
    up.kill("SIGINT");
    await waitUntil(said, () => up.stderr().includes(said));
  }
  const start = performance.now();
  up.kill("SIGTERM");
  expect((await up.ended).status).toBe(130);
  expect(performance.now() - start).toBeLessThan(150_000);
  unlock();
  await waitUntil("its hosts have stopped", () => place.left().length === 0);
  expect((await place.skep(["down"])).status).toBe(0);
});

describe("a supervisor that is killed", () => {
  test("is noticed by its hosts, which stop; down finishes its run", async () => {
    const place = await newPlace();
    const up = place.up({
      a: idle,
      b: waiting,
      c: { runner: "stream", command: ["cat"] },
    });
    for (const name of ["a", "b", "c"]) await place.becomes(name, "ready");
    await place.killAll(up);
    await waitUntil("its hosts have stopped", () => place.left().length === 0);
    // Of one that is just ending nothing but that it is there may be seen.
    await waitUntil("all are dead", async () => {
      const agents = await place.app.agents();
      return agents.length === 3 && agents.every(({ state }) => state === "dead");
    });
    expect((await place.skep(["status"])).stdout).toContain("nobody sees to the agents: skep down");
    await place.send("a", "for the next one");
    const { status, stdout } = await place.skep(["down", "--json"]);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ run: 1, parked: 1, conservation: { holds: true } });
    expect((await place.skep(["down"])).status).toBe(3);
  });
  test("leaves no program behind that does not stop by itself, once its time is over", async () => {
    const place = await newPlace('[agents]\nstop_grace = "100ms"\ndrain_timeout = "200ms"\n');
    const up = place.up({
      a: slow(place),
      b: { command: ["sh", join(fixtures, "self-worker.sh")] },
    });
    for (const name of ["a", "b"]) {
      await place.becomes(name, "ready");
      await place.send(name, "hold /nowhere");
    }
    for (const name of ["a", "b"])
      await waitUntil(`${name} has begun`, () => readOrNothing(logOf(place, name)) !== "");
    await place.killAll(up);
    await waitUntil("its hosts have stopped", () => place.left().length === 0);
    expect((await place.skep(["down"])).status).toBe(0);
  });
  test("has its run finished by the next up, whatever still runs of it", async () => {
    const place = await newPlace();
    const up = place.up({ a: deaf, b: slow(place) });
    for (const name of ["a", "b"]) await place.becomes(name, "ready");
    await place.send("b", "1");
    await waitUntil(
      "both are at it",
      () => readOrNothing(logOf(place, "a")) !== "" && readOrNothing(logOf(place, "b")) !== "",
    );
    const agents = await place.app.agents();
    const hosts = agents.map(({ hostPid }) => hostPid!);
    // Stopped hosts cannot notice anything.
    for (const pid of hosts) await place.halt(pid, { writing: false });
    await place.killAll(up);
    await up.ended;
    const again = place.up({ b: idle });
    await waitUntil("the message is done", async () => (await place.ledger("b"))["acked"] === 1);
    expect([agents[0]!.programPid!, ...hosts].filter(exists)).toEqual([]);
    const first = await place.app.store.read((tx) => findRun(tx, 1));
    expect(JSON.parse(first!.summary!)).toMatchObject({ parked: 1, returned: 1 });
    again.kill("SIGTERM");
    await again.ended;
  });
});

test("a signal while many agents are being started leaves none of them", async () => {
  const place = await newPlace();
  const many = {
    self: { count: 8, ...waiting },
    stream: { count: 8, runner: "stream", command: ["cat"] },
    exec: { count: 8, ...idle },
  };
  const someAreReady = (atLeast: number) =>
    waitUntil("some have started", async () => {
      const agents = await place.app.agents();
      return agents.filter(({ state }) => state === "ready").length >= atLeast;
    });
  for (const started of [1, 6, 12]) {
    const up = place.up(many, ["--json"]);
    await someAreReady(started);
    up.kill("SIGTERM");
    const { status, stdout } = await up.ended;
    expect(status).toBe(143);
    expect(JSON.parse(stdout).agents).toEqual({ stopped: 24, failed: 0, dead: 0 });
    expect(place.left()).toEqual([]);
  }
  const up = place.up(many);
  await someAreReady(6);
  await place.killAll(up);
  await waitUntil("its hosts have stopped", () => place.left().length === 0);
  expect((await place.skep(["down"])).status).toBe(0);
}, 240_000);

test("a supervisor that is heard of in the very moment in which it is taken for dead keeps its run", async () => {
  const bus = await handBus();
  const { store, clock } = bus;
  // Of another container, where numbers come again: it is not to be seen, only to be heard of.
  const supervisor = { boot: clock.boot, namespace: "another", pid: process.pid, startTime: 1 };
  const run = { swarm: "s", file: "/s.toml", mark: "of no process", guardianPid: null };
  const id = await store.write((tx) => openRun(tx, { ...run, ...supervisor }));
  clock.pass(unseenMaxMs + 1);
  const slow: Store = {
    ...store,
    async write(fn, options) {
      await store.write((tx) => noteSeen(tx, id));
      return await store.write(fn, options);
    },
  };
  const parts = { store: slow, clock, ledger: ledgerOf(bus), settings: { stopGraceMs: 0 } };
  await expect(reapDeadRun(parts)).rejects.toMatchObject({ code: "E_RUNNING" });
  expect(await store.read((tx) => findRun(tx, id))).toMatchObject({ state: "running" });
  clock.pass(unseenMaxMs + 1);
  expect(await reapDeadRun({ ...parts, store })).toMatchObject({ run: id });
});

test("while a run is open nobody's address book is; a swarm that went down leaves all doors open", async () => {
  const place = await newPlace();
  const up = place.up({ a: idle });
  await place.becomes("a", "ready");
  expect(await place.app.store.read(findOpenRun)).toMatchObject({ swarm: "s", state: "running" });
  up.kill("SIGTERM");
  await up.ended;
  expect(await place.app.store.read(findOpenRun)).toBeUndefined();
  const claim = { inbox: "new", holder: null, max: 1, leaseMs: 1_000, waitMs: 0 };
  expect(await receive(place.app.bus, claim)).toEqual([]);
});

function logOf(place: Place, name: string): string {
  return join(place.home, "logs", `${name}.log`);
}

/** Takes SQLite's write lock, as any other program may, until the function it answers is called. */
function lock({ home }: Place): () => void {
  const other = new Database(join(home, "bus.db"));
  other.exec("pragma busy_timeout = 60000");
  other.exec("begin immediate");
  return () => {
    other.exec("rollback");
    other.close();
  };
}
