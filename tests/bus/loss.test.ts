import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { lossesSoFar } from "../../src/bus/loss.ts";
import { openBus } from "../../src/bus/open.ts";
import { publish } from "../../src/bus/publish.ts";
import { subscribeTx } from "../../src/bus/subscribe.ts";
import { bytesOf } from "../../src/core/text.ts";
import { type Mark, formatMark } from "../../src/store/high-water.ts";
import { type HandBus, tempBuses } from "../helpers/temp-bus.ts";
import { waitUntil } from "../helpers/wait-until.ts";
import { ack, draft, put, takeOne } from "./verbs.ts";

const { handBus } = tempBuses();

/** Has the mark say that deliveries up to `last` were accepted. */
function claim({ home, clock }: HandBus, mark: Partial<Mark> & { last: number }): void {
  const whole = { durable: 0, boot: clock.boot, ...mark };
  writeFileSync(join(home, "bus.mark"), formatMark(whole));
}

/** Opens the bus again, as the next command does: how many are lost. */
async function openAgain({ store, clock, settings }: HandBus, acceptLoss = false): Promise<number> {
  const { doorbell, lost } = await openBus(store, clock, settings, { acceptLoss });
  doorbell.close();
  return lost;
}

const isLoss = { code: "E_LOSS", message: /knows deliveries up to number 1, and 50 was given out/ };

test("whatever gives out numbers has the last of them noted", async () => {
  const bus = await handBus();
  const noted = () => bus.store.mark()?.last;
  assert.equal((await put(bus, "a1")).id, noted());
  const how = { from: null, onFull: "fail", timeoutMs: 0 } as const;
  // Each with its own, for only the first note is written at once.
  const other = await handBus();
  for (const inbox of ["a1", "a2", "a3"])
    await other.store.write((tx) => subscribeTx(tx, "news", inbox));
  const published = await publish(other, { topic: "news", body: bytesOf("x") }, how);
  assert.equal(published.id! + 2, other.store.mark()?.last);
  const third = await handBus();
  await third.store.write(async () => {});
  assert.equal(third.store.mark(), undefined);
});

test("what was acked with a send counts as sent", async () => {
  const bus = await handBus();
  await put(bus, "a1");
  const { receipt } = await takeOne(bus, "a1");
  await ack(bus, receipt, { send: [draft("a2")] });
  await waitUntil("it is noted", () => bus.store.mark()?.last === 2);
});

test("within one boot nothing may be missing, unless somebody accepts it", async () => {
  const bus = await handBus();
  await put(bus, "a1");
  claim(bus, { last: 50 });
  for (let time = 0; time < 2; time++) await assert.rejects(openAgain(bus), isLoss);
  assert.equal(await openAgain(bus, true), 49);
  assert.equal(await openAgain(bus), 0);
  assert.deepEqual(await bus.store.read(lossesSoFar), {
    deliveries: 49,
    noticedAt: bus.clock.now(),
  });
  assert.equal((await put(bus, "a1")).id, 51);
});

test("after a boot the newest may be missing, but not what had waited for the disk", async () => {
  const bus = await handBus();
  await put(bus, "a1");
  claim(bus, { last: 50, durable: 2, boot: "an earlier one" });
  await assert.rejects(openAgain(bus), isLoss);
  claim(bus, { last: 50, durable: 1, boot: "an earlier one" });
  assert.equal(await openAgain(bus), 49);
});

test("of several commands that find it the first one tells", async () => {
  const bus = await handBus();
  claim(bus, { last: 50, boot: "an earlier one" });
  const told = await Promise.all([1, 2, 3].map(() => openAgain(bus)));
  assert.deepEqual(
    told.toSorted((a, b) => b - a),
    [50, 0, 0],
  );
});

test("losses add up", async () => {
  const bus = await handBus();
  claim(bus, { last: 10, boot: "an earlier one" });
  assert.equal(await openAgain(bus), 10);
  claim(bus, { last: 15, boot: "an earlier one" });
  assert.equal(await openAgain(bus), 5);
  assert.equal((await bus.store.read(lossesSoFar))?.deliveries, 15);
});

test("a mark that is behind is no loss", async () => {
  const bus = await handBus();
  for (let n = 0; n < 3; n++) await put(bus, "a1");
  claim(bus, { last: 1 });
  assert.equal(await openAgain(bus), 0);
  assert.equal(await bus.store.read(lossesSoFar), undefined);
});
