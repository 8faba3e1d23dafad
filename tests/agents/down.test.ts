import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { stopSwarm } from "../../src/agents/down.ts";
import { finishRun } from "../../src/agents/shutdown.ts";
import { placeOrder } from "../../src/agents/orders.ts";
import { closeRun, findOpenRun, findRun, openRun, unseenMaxMs } from "../../src/agents/runs.ts";
import { ledgerOf } from "../../src/app/ledger.ts";
import type { Store } from "../../src/store/store.ts";
import { tempBuses } from "../helpers/temp-bus.ts";
import { waitUntil } from "../helpers/wait-until.ts";
import { type Place, catches, fixtures, idle, readOrNothing, swarmPlaces } from "./swarm-place.ts";

const newPlace = swarmPlaces();
const { handBus } = tempBuses();

test("where nothing runs it says so, with 3", async () => {
  const place = await newPlace();
  const { status, stderr } = await place.skep(["down"]);
  expect([status, stderr]).toEqual([3, "skep: no swarm runs here\n  skep up FILE starts one.\n"]);
});

test("it stops the swarm and tells how that went, as up does, which ends with 0", async () => {
  const place = await newPlace();
  const up = place.up({ a: idle, b: { command: ["false"] } }, ["--json"]);
  await place.becomes("a", "ready");
  await place.becomes("b", "failed");
  const { status, stdout } = await place.skep(["down", "--json"]);
  const ended = await up.ended;
  expect([status, ended.status]).toEqual([0, 0]);
  expect(stdout).toBe(ended.stdout);
  expect(JSON.parse(stdout)).toMatchObject({
    run: 1,
    agents: { stopped: 1, failed: 1, dead: 0 },
    conservation: { in: 0, live: 0, ended: 0, holds: true },
  });
  expect((await place.skep(["down"])).status).toBe(3);
});

const onItsWay = "skep: s is still on its way down\n  skep status tells how far it is.\n";

test("asking again hurries nobody: what is in hand is finished", async () => {
  const place = await newPlace('[agents]\nstop_grace = "200ms"\ndrain_timeout = "5m"\n');
  const up = place.up({ a: slow(place) });
  await place.becomes("a", "ready");
  await place.send("a", "1");
  await waitUntil("it has begun", () => hasBegun(place));
  const first = place.start(["down", "--json"]);
  await waitUntil("the drain is on", async () => (await place.app.lastRun())?.state === "stopping");
  for (let again = 0; again < 2; again++) {
    const another = place.start(["down"]);
    await waitUntil("it listens", () => catches(another.pid, constants.signals.SIGINT));
    another.kill("SIGINT");
    // It gives up waiting only after it has asked.
    expect(await another.ended).toMatchObject({
      status: 130,
      stderr: expect.stringContaining(onItsWay),
    });
  }
  writeFileSync(join(place.directory, "go"), "");
  expect(JSON.parse((await first.ended).stdout)).toMatchObject({ returned: 0, killed: 0 });
  expect((await up.ended).status).toBe(0);
  expect(await place.ledger("a")).toMatchObject({ acked: 1, parked: 0 });
});

test("--timeout is how long the agents may take, and Ctrl-C only stops the waiting", async () => {
  const place = await newPlace();
  const up = place.up({ a: slow(place) });
  await place.becomes("a", "ready");
  await place.send("a", "1");
  await waitUntil("it has begun", () => hasBegun(place));
  const down = place.start(["down", "--timeout", "1h"]);
  await waitUntil("the drain is on", async () => (await place.app.lastRun())?.state === "stopping");
  down.kill("SIGINT");
  expect(await down.ended).toMatchObject({
    status: 130,
    stderr: expect.stringContaining(onItsWay),
  });
  expect(await place.app.lastRun()).toMatchObject({ state: "stopping", stopTimeoutMs: 3_600_000 });
  writeFileSync(join(place.directory, "go"), "");
  expect((await up.ended).status).toBe(0);

  const other = await newPlace();
  const second = other.up({ a: slow(other) });
  await other.becomes("a", "ready");
  await other.send("a", "1");
  await waitUntil("it has begun", () => hasBegun(other));
  const { stdout } = await other.skep(["down", "--timeout", "0s", "--json"]);
  expect(JSON.parse(stdout)).toMatchObject({ returned: 1, parked: 1 });
  await second.ended;
});

test("a supervisor that is stopped is woken", async () => {
  const place = await newPlace();
  const up = place.up({ a: idle });
  await place.becomes("a", "ready");
  await place.halt((await place.app.lastRun())!.pid, { writing: false });
  expect((await place.skep(["down"])).status).toBe(0);
  expect((await up.ended).status).toBe(0);
});

test("so is one that holds the write lock, which nobody can write anything against", async () => {
  const place = await newPlace();
  const up = place.up({ a: { runner: "module", module: join(fixtures, "handlers.ts"), pool: 1 } });
  await place.becomes("a", "ready");
  // To take so many in is a long write.
  const { id, pid } = (await place.app.lastRun())!;
  const wish = { verb: "scale", subject: "a", amount: 2_000 } as const;
  await place.app.store.write((tx) => placeOrder(tx, id, wish));
  await place.halt(pid, { writing: true });
  expect((await place.skep(["down"])).status).toBe(0);
  expect((await up.ended).status).toBe(0);
}, 240_000);

test("several that find a dead supervisor finish its run once, and none touches the next one", async () => {
  const place = await newPlace();
  const up = place.up({ a: idle });
  await place.becomes("a", "ready");
  await place.killAll(up);
  await up.ended;
  const dead = (await place.app.store.read(findOpenRun))!;
  const downs = await Promise.all([place.skep(["down", "--json"]), place.skep(["down", "--json"])]);
  const summaries = downs.filter(({ status }) => status === 0).map(({ stdout }) => stdout);
  expect(summaries.length).toBeGreaterThanOrEqual(1);
  expect(new Set(summaries).size).toBe(1);
  for (const { status } of downs) expect([0, 3]).toContain(status!);

  const next = place.up({ a: idle });
  await waitUntil("the next one runs", async () => (await place.app.lastRun())?.id === 2);
  await place.becomes("a", "ready");
  // One that had read the row of the dead run, and went for a long sleep.
  const { store, clock, settings } = place.app;
  const untouched = (_: object, name: string | symbol) => expect.unreachable(String(name)) as never;
  const ledger = new Proxy({}, { get: untouched }) as never;
  const parts = { store, clock, ledger, settings: settings.agents };
  const { conservation } = JSON.parse(summaries[0]!);
  expect(await finishRun(dead, parts, clock.tick())).toMatchObject({ run: 1, conservation });
  expect(await store.read((tx) => findRun(tx, 2))).toMatchObject({ state: "running" });
  next.kill("SIGTERM");
  await next.ended;
});

/** An exec agent that works on each message until the file `go` is there. */
function slow(place: Place) {
  const script = `echo begun >&2; until test -e ${join(place.directory, "go")}; do sleep 0.01; done`;
  return { runner: "exec", command: ["sh", "-c", script] };
}

function hasBegun({ home }: Place): boolean {
  return readOrNothing(join(home, "logs", "a.log")) === "begun\n";
}

test("a supervisor in another container is waited for as long as it is heard of", async () => {
  const bus = await handBus();
  const { store, clock } = bus;
  const place = { boot: clock.boot, namespace: "another", guardianPid: null, pid: 1, startTime: 1 };
  const described = { swarm: "s", file: "/s.toml", mark: "of no process", ...place };
  const id = await store.write((tx) => openRun(tx, described));
  let looks = 0;
  const read: Store["read"] = (fn) => (looks++, store.read(fn));
  const parts = {
    store: { ...store, read },
    clock,
    ledger: ledgerOf(bus),
    settings: { stopGraceMs: 0 },
  };
  const stopping = stopSwarm(parts, 600_000, new AbortController().signal);
  await waitUntil("it is asked", async () => (await store.read(findOpenRun))?.stopAskedAt != null);
  await store.write(async (tx) => {
    const seen = tx.tick + unseenMaxMs;
    await tx.run("update runs set seen_tick = $seen where id = $id", { seen, id });
  });
  // Longer than it was heard of at first, and not yet as long as it was since.
  clock.pass(unseenMaxMs + 1);
  const before = looks;
  await Promise.race([stopping, waitUntil("it has looked", () => looks >= before + 2)]);
  const summary = { run: id, parked: 7 };
  await store.write((tx) => closeRun(tx, id, JSON.stringify(summary)));
  expect(await stopping).toMatchObject(summary);
});
