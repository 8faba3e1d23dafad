import assert from "node:assert/strict";
import { test } from "node:test";
import { type Between, deliveryColumns, deliveryPages } from "../../src/bus/delivery-pages.ts";
import { type HandBus, tempBuses } from "../helpers/temp-bus.ts";
import { ack, nack, put, takeOne } from "./verbs.ts";

const { handBus } = tempBuses();

async function rowsOf({ store }: HandBus, between: Partial<Between> = {}) {
  const rows = [];
  const all = { since: 0, until: Number.MAX_SAFE_INTEGER, ...between };
  for await (const page of deliveryPages(store, all)) rows.push(...page);
  return rows;
}

test("every delivery comes once, live or ended, with all its columns", async () => {
  const bus = await handBus({ maxAttempts: 1 });
  for (let n = 0; n < 4; n++) await put(bus, "a1");
  await ack(bus, (await takeOne(bus, "a1", { holder: "w1" })).receipt);
  await nack(bus, (await takeOne(bus, "a1", { holder: "w1" })).receipt, { reason: "cannot" });
  await takeOne(bus, "a1", { holder: "w2" });
  const rows = await rowsOf(bus);
  assert.deepEqual(
    rows.map(({ delivery, state, holder, reason }) => [delivery, state, holder, reason]),
    [
      [1, "acked", "w1", null],
      [2, "dead", "w1", "gave up after 1 attempt; the last one was refused: cannot"],
      [3, "leased", "w2", null],
      [4, "ready", null, null],
    ],
  );
  for (const row of rows) assert.deepEqual(Object.keys(row).sort(), [...deliveryColumns].sort());
});

test("there may be more than a page, and only those between two moments", async () => {
  const bus = await handBus({ inboxCap: 10_000 });
  await put(bus, "a1");
  bus.clock.pass(1_000);
  const since = bus.clock.now();
  for (let n = 0; n < 1_001; n++) await put(bus, "a1");
  bus.clock.pass(1_000);
  const until = bus.clock.now();
  await put(bus, "a1");
  const numbers = (await rowsOf(bus, { since, until })).map(({ delivery }) => delivery);
  assert.deepEqual(
    numbers,
    Array.from({ length: 1_001 }, (_, n) => n + 2),
  );
});
