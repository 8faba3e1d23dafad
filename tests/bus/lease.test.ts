import assert from "node:assert/strict";
import { test } from "node:test";
import { leasesOf, renewTx } from "../../src/bus/lease.ts";
import { tempBuses } from "../helpers/temp-bus.ts";
import { ack, nack, put, take, takeOne } from "./verbs.ts";

const { handBus } = tempBuses();

test("a holder's leases are those it has claimed and not settled", async () => {
  const bus = await handBus();
  for (const inbox of ["a1", "a2"]) for (let n = 0; n < 2; n++) await put(bus, inbox);
  const held = await take(bus, "a1", { holder: "w1" });
  await takeOne(bus, "a2", { holder: "w1" });
  await takeOne(bus, "a2", { holder: "w2" });
  await ack(bus, held[0]!.receipt);
  assert.deepEqual(await bus.store.read((tx) => leasesOf(tx, "w1")), [
    { id: 2, epoch: 1 },
    { id: 3, epoch: 1 },
  ]);
  assert.deepEqual(await bus.store.read((tx) => leasesOf(tx, "nobody")), []);
});

test("a lease that is renewed in time lasts as long as it is renewed", async () => {
  const bus = await handBus();
  await put(bus, "a1");
  const { receipt } = await takeOne(bus, "a1", { holder: "w1", leaseMs: 60 });
  const leases = await bus.store.read((tx) => leasesOf(tx, "w1"));
  for (let n = 0; n < 10; n++) {
    bus.clock.pass(59);
    await bus.store.write((tx) => renewTx(tx, leases, 60));
    assert.deepEqual(await take(bus, "a1"), []);
  }
  assert.deepEqual(await ack(bus, receipt), { receipt, id: 1 });
});

test("renewing does not lengthen the lease of somebody who has claimed since", async () => {
  const bus = await handBus();
  await put(bus, "a1");
  await takeOne(bus, "a1", { holder: "w1", leaseMs: 60 });
  const leases = await bus.store.read((tx) => leasesOf(tx, "w1"));
  bus.clock.pass(60);
  await takeOne(bus, "a1", { holder: "w2", leaseMs: 60 });
  await bus.store.write((tx) => renewTx(tx, leases, 1_000_000));
  bus.clock.pass(60);
  assert.equal((await take(bus, "a1", { holder: "w3" })).length, 1);
});

test("a lease that was taken for longer is not cut short by renewing it", async () => {
  const bus = await handBus();
  await put(bus, "a1");
  await takeOne(bus, "a1", { holder: "w1", leaseMs: 1_000 });
  const leases = await bus.store.read((tx) => leasesOf(tx, "w1"));
  await bus.store.write((tx) => renewTx(tx, leases, 60));
  bus.clock.pass(999);
  assert.deepEqual(await take(bus, "a1"), []);
});

test("renewing does not bring back what was settled or given back", async () => {
  const bus = await handBus();
  for (let n = 0; n < 2; n++) await put(bus, "a1");
  const [acked, nacked] = await take(bus, "a1", { holder: "w1" });
  const leases = await bus.store.read((tx) => leasesOf(tx, "w1"));
  await ack(bus, acked!.receipt);
  await nack(bus, nacked!.receipt, { delayMs: 0 });
  await bus.store.write((tx) => renewTx(tx, leases, 1_000_000));
  assert.deepEqual(
    (await take(bus, "a1")).map(({ id }) => id),
    [2],
  );
});
