import assert from "node:assert/strict";
import { test } from "node:test";
import type { Bus } from "../../src/bus/bus.ts";
import { heldBackMs, heldLevel } from "../../src/bus/held.ts";
import { send, sendBatch } from "../../src/bus/send.ts";
import type { Params } from "../../src/store/store.ts";
import { onlyRings } from "../fixtures/bus/bus.ts";
import { type TempBus, tempBuses } from "../helpers/temp-bus.ts";
import { ack, draft, put, take, takeOne, texts } from "./verbs.ts";
import { livingProcesses, untilWaiting, waitersOf } from "./waiting.ts";

const { handBus, liveBus, neighbour } = tempBuses();
const living = livingProcesses();

const holding = { run: "ours", pauseMaxMs: 600_000 };
const patient = { from: null, onFull: "wait", timeoutMs: 3_600_000 } as const;

/** Has the run with the mark `ours` be held back to `level` for a minute, as its supervisor would. */
async function hold({ store, clock }: TempBus, level: number): Promise<void> {
  await store.write(async (tx) => {
    await tx.run("delete from runs");
    await tx.run(
      `insert into runs (swarm, file, state, mark, boot, namespace, pid, start_time, started_at, seen_tick,
                         held_to, held_cause, held_reason, held_since, held_until_tick)
       values ('s', 'f', 'running', 'ours', $boot, '', 1, 1, 1, 1, $level, 'memory', 'x', $now, $untilTick)`,
      { boot: clock.boot, level, now: tx.now, untilTick: tx.tick + 60_000 },
    );
  });
}

/** The same bus, where whoever is held back is held to a hundredth of that: for longer than any test takes. */
function heldForLong<B extends Bus>(bus: B): B {
  const write: typeof bus.store.write = (fn, options) =>
    bus.store.write((tx) => {
      const get: typeof tx.get = async <Row>(sql: string, params?: Params) => {
        const row = await tx.get<Row>(sql, params);
        if (row === undefined || !sql.includes("governor")) return row;
        return { ...row, level: (row as { level: number }).level / 100 };
      };
      return fn({ ...tx, get });
    }, options);
  return { ...bus, store: { ...bus.store, write } };
}

const levelFor = (bus: Bus, run = "ours") =>
  bus.store.read((tx) => heldLevel(tx, { ...holding, run }, bus.clock.boot));

test("a run is held back as long as its supervisor says so, and nobody else is", async () => {
  const bus = await handBus();
  assert.equal(await levelFor(bus), 100);
  await hold(bus, 25);
  assert.equal(await levelFor(bus), 25);
  assert.equal(await levelFor(bus, "another"), 100);
  bus.clock.pass(59_999);
  assert.equal(await levelFor(bus), 25);
  bus.clock.pass(1);
  assert.equal(await levelFor(bus), 100);
});

test("a hold of a run that is over, or of another boot, holds nobody back", async () => {
  const bus = await handBus();
  await hold(bus, 25);
  bus.clock.boot = "second boot";
  assert.equal(await levelFor(bus), 100);
  bus.clock.boot = "first boot";
  await bus.store.write((tx) => tx.run("update runs set state = 'stopped'"));
  assert.equal(await levelFor(bus), 100);
});

test("a sender is held back for longer each time, within what it may be and what it has left", () => {
  const least = (level: number, times: number, more = {}) =>
    Math.max(
      ...Array.from({ length: 50 }, () =>
        heldBackMs({ level, times, leftMs: 60_000, pauseMaxMs: 2_000, ...more }),
      ),
    );
  assert.equal(least(100, 7), 0);
  for (const [level, times, mostMs] of [
    [50, 0, 200],
    [50, 1, 400],
    [25, 0, 400],
    [25, 1, 800],
    [25, 60, 2_000],
    [1, 2_000, 2_000],
  ] as const) {
    const ms = least(level, times);
    assert.ok(ms <= mostMs && ms > mostMs / 3, `${level} % the ${times + 1}th time: ${ms} ms`);
  }
  assert.ok(least(25, 60, { leftMs: 1_000 }) <= 200);
  assert.equal(least(25, 60, { leftMs: 0 }), 0);
  assert.equal(least(25, 60, { pauseMaxMs: 0 }), 0);
});

test("a sender of the run that is held back comes to the line later, and whoever is not goes first", async () => {
  const bus = onlyRings(await liveBus({ inboxCap: 1 }));
  await put(bus, "a1", "first");
  await hold(bus, 1);
  const stop = new AbortController();
  const held = { ...heldForLong(neighbour(bus, living())), holding };
  const sending = send(held, draft("a1", "held"), { ...patient, signal: stop.signal });
  const other = send(neighbour(bus, living()), draft("a1", "free"), patient);
  await untilWaiting(bus, "a1", "room");
  await ack(bus, (await takeOne(bus, "a1")).receipt);
  await other;
  assert.deepEqual(await waitersOf(bus, "a1", "room"), []);
  // It hears its signal all the same.
  stop.abort();
  await assert.rejects(sending, { code: "E_FULL" });
  assert.deepEqual(texts(await take(bus, "a1")), ["free"]);
});

test("a sender that was held back waits in line afterwards, and gets through", async () => {
  const bus = onlyRings(await liveBus({ inboxCap: 1 }));
  await put(bus, "a1", "first");
  await hold(bus, 50);
  const held = { ...neighbour(bus, living()), holding };
  const sending = sendBatch(held, [draft("a1", "second"), draft("a1", "third")], {
    ...patient,
    atomic: false,
  });
  for (let n = 0; n < 2; n++) {
    await untilWaiting(bus, "a1", "room");
    await ack(bus, (await takeOne(bus, "a1")).receipt);
  }
  assert.deepEqual(
    (await sending).map((outcome) => "id" in outcome),
    [true, true],
  );
  assert.deepEqual(texts(await take(bus, "a1")), ["third"]);
});
