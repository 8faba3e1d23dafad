import assert from "node:assert/strict";
import { test } from "node:test";
import type { Bus } from "../../src/bus/bus.ts";
import { type Limits, listLimits, showLimits } from "../../src/bus/limits.ts";
import { setInboxLimits, setSenderLimits } from "../../src/bus/set-limits.ts";
import { send } from "../../src/bus/send.ts";
import { tempBuses } from "../helpers/temp-bus.ts";
import { ask, draft, put, take } from "./verbs.ts";
import { untilWaiting } from "./waiting.ts";

const { handBus, liveBus } = tempBuses();

const list = ({ store, settings }: Bus, every = false) =>
  store.read((tx) => listLimits(tx, settings, { every }));
const show = ({ store, settings }: Bus, name: string) =>
  store.read((tx) => showLimits(tx, settings, name));
const sendAs = (bus: Bus, from: string, to: string) =>
  send(bus, draft(to), { from, onFull: "fail", timeoutMs: 0 });

test("a new home has no limits but the general ones, which show with an inbox that has none", async () => {
  const bus = await handBus({ inboxCap: 7, inboxBytes: 99 });
  assert.deepEqual(await list(bus), []);
  await put(bus, "a1");
  assert.deepEqual(await list(bus), []);
  assert.deepEqual(await show(bus, "a1"), [
    {
      name: "a1",
      of: "inbox",
      cap: 7,
      bytes: 99,
      ratePerS: null,
      burst: null,
      own: [],
      refused: 0,
      tokens: null,
      held: 1,
      waiting: 0,
      oldestMs: 0,
    },
  ]);
});

test("how many may come at once goes down with what came and up with time, to the burst at most", async () => {
  const bus = await handBus();
  await bus.store.write(async (tx) => {
    await setInboxLimits(tx, bus.settings, "a1", { ratePerS: 10, burst: 3 });
    await setSenderLimits(tx, "ada", { ratePerS: 1, burst: 2 });
  });
  const tokens = async () => (await list(bus)).map(({ tokens: left }) => left);
  assert.deepEqual(await tokens(), [3, 2]);
  for (const left of [
    [2, 1],
    [1, 0],
  ]) {
    await sendAs(bus, "ada", "a1");
    assert.deepEqual(await tokens(), left);
  }
  await assert.rejects(sendAs(bus, "ada", "a1"), { code: "E_RATE" });
  await sendAs(bus, "bob", "a1");
  assert.deepEqual(await tokens(), [0, 0]);
  bus.clock.pass(100);
  assert.deepEqual(await tokens(), [1, 0]);
  bus.clock.pass(900);
  assert.deepEqual(await tokens(), [3, 1]);
  bus.clock.pass(60_000);
  assert.deepEqual(await tokens(), [3, 2]);
});

test("what an inbox holds counts slots for answers and not what is parked, and its oldest is the oldest that is ready", async () => {
  const bus = await handBus();
  await ask(bus, "a1", "b1");
  bus.clock.pass(500);
  await put(bus, "a1");
  bus.clock.pass(20);
  const state = async (name: string) => {
    const { held, oldestMs, waiting } = (await show(bus, name))[0]!;
    return { held, oldestMs, waiting };
  };
  assert.deepEqual(await state("a1"), { held: 2, oldestMs: 520, waiting: 0 });
  assert.deepEqual(await state("b1"), { held: 1, oldestMs: null, waiting: 0 });
  await take(bus, "a1", { max: 1 });
  assert.deepEqual(await state("a1"), { held: 2, oldestMs: 20, waiting: 0 });
});

test("whoever waits for room or its turn is counted with the inbox, and only then", async () => {
  const bus = await liveBus({ inboxCap: 1 });
  await put(bus, "a1");
  const leave = new AbortController();
  const waiting = send(bus, draft("a1"), {
    from: "ada",
    onFull: "wait",
    timeoutMs: 60_000,
    signal: leave.signal,
  });
  await untilWaiting(bus, "a1", "room");
  assert.equal((await show(bus, "a1"))[0]!.waiting, 1);
  leave.abort();
  await assert.rejects(waiting);
  assert.equal((await show(bus, "a1"))[0]!.waiting, 0);
});

test("all of them are listed when they are asked for, those of requests apart", async () => {
  const bus = await handBus();
  await put(bus, "b1");
  await put(bus, "a1");
  await bus.store.write((tx) => tx.run("update ledger set temporary = 1 where inbox = 'b1'", {}));
  const names = (all: readonly Limits[]) => all.map(({ name }) => name);
  assert.deepEqual(names(await list(bus)), []);
  assert.deepEqual(names(await list(bus, true)), ["a1"]);
});
