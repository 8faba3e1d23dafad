// The line before a full inbox: who may go in when there is room, and who has to stand in line.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";
import type { Bus } from "../../src/bus/bus.ts";
import { waitForRoom } from "../../src/bus/room.ts";
import { type SendOptions, send, sendBatch } from "../../src/bus/send.ts";
import { startWaiting } from "../../src/bus/waiters.ts";
import { onlyRings } from "../fixtures/bus/bus.ts";
import { tempBuses } from "../helpers/temp-bus.ts";
import { waitUntil } from "../helpers/wait-until.ts";
import { ack, draft, put, take, takeOne, texts } from "./verbs.ts";
import { deadProcess, livingProcesses, sleepy, untilWaiting, waitersOf } from "./waiting.ts";

const { handBus, liveBus, neighbour } = tempBuses();
const living = livingProcesses();

const patient: SendOptions = { from: null, onFull: "wait", timeoutMs: 60_000 };

/** Notes that the process `pid` waits for room in a1, in its next place in the line; no doorbell of it rings. */
const queue = (bus: Bus, pid: number, wanted = { places: 1, bytes: 5 }) =>
  bus.store.write((tx) =>
    startWaiting(tx, "a1", "room", { pid, startTime: 0, port: 1, nonce: 1, ...wanted }),
  );

const inLine = {
  code: "E_FULL",
  message: "inbox a1 keeps its room for those who wait for it",
  retryAfterMs: 250,
};

/** A bus whose inbox a1 has one place free, for which somebody else waits. */
async function bespoken(wanted?: { places: number; bytes: number }) {
  const bus = await handBus({ inboxCap: 2 });
  await put(bus, "a1");
  await queue(bus, living(), wanted);
  return bus;
}

test("a newcomer does not take the place for which somebody waits, and has it rung", async () => {
  const bus = await bespoken();
  await assert.rejects(put(bus, "a1"), inLine);
  await assert.rejects(
    sendBatch(bus, [draft("a1"), draft("a1")], { ...patient, onFull: "fail", atomic: true }),
    { code: "E_FULL" },
  );
  // Refused in its place it leaves something behind: whoever waits hears of the room that nobody told it of.
  await sendBatch(bus, [draft("a1")], { ...patient, onFull: "fail", atomic: false });
  assert.deepEqual(
    (await waitersOf(bus, "a1", "room")).map(({ waiting }) => waiting),
    [0],
  );
});

test("a newcomer goes in when there is room for all who wait and for itself", async () => {
  const bus = await handBus({ inboxCap: 3 });
  await put(bus, "a1");
  await queue(bus, living());
  await put(bus, "a1", "goes");
  await assert.rejects(put(bus, "a1"), inLine);
});

test("as many bytes are kept as those in front want", async () => {
  const bus = await handBus({ inboxBytes: 10 });
  await put(bus, "a1", "");
  await queue(bus, living(), { places: 1, bytes: 8 });
  await assert.rejects(put(bus, "a1", "123"), inLine);
  await put(bus, "a1", "12");
});

test("who has died in the line keeps no place, however long the line of the dead", async () => {
  const bus = await handBus({ inboxCap: 2 });
  await put(bus, "a1");
  const dead = deadProcess();
  for (let n = 0; n < 25; n++)
    await bus.store.write((tx) =>
      tx.run(
        `insert into waiters (inbox, wants, pid, start_time, port, nonce, waiting, since, places)
         values ('a1', 'room', $pid, 0, 1, 1, 1, 0, 1)`,
        { pid: 2 ** 30 + n },
      ),
    );
  await queue(bus, dead);
  await put(bus, "a1", "goes");
  assert.deepEqual(await waitersOf(bus, "a1", "room"), []);
});

test("who was rung and does not come within a second is passed over, and not before", async () => {
  const bus = await bespoken();
  await bus.store.write((tx) =>
    tx.run("update waiters set waiting = 0, rung_tick = $tick", { tick: tx.tick }),
  );
  bus.clock.pass(999);
  await assert.rejects(put(bus, "a1"), inLine);
  bus.clock.pass(1);
  await put(bus, "a1", "goes");
});

test("who cannot be rung and looks by itself keeps no place", async () => {
  const bus = await bespoken();
  await bus.store.write((tx) => tx.run("update waiters set port = null"));
  await put(bus, "a1", "goes");
});

test("what is sent with an ack does not stand in line: it cannot wait, and makes room itself", async () => {
  const bus = await handBus({ inboxCap: 2 });
  await put(bus, "a1");
  const { receipt } = await takeOne(bus, "a1");
  await queue(bus, living());
  await ack(bus, receipt, { send: [draft("a1")] });
});

test("whoever stands in line gets the place though newcomers try for it all the time", async () => {
  // Where time passes, one that is put off for a second after its ring is passed over.
  const bus = onlyRings(await handBus({ inboxCap: 1 }));
  await put(bus, "a1", "first");
  const { receipt } = await takeOne(bus, "a1");
  const sending = send(neighbour(bus, living()), draft("a1", "waited"), patient);
  await untilWaiting(bus, "a1", "room");
  const acked = ack(bus, receipt);
  const newcomers = Array.from({ length: 20 }, () => assert.rejects(put(bus, "a1", "newcomer")));
  await Promise.all([acked, sending, ...newcomers]);
  assert.deepEqual(texts(await take(bus, "a1")), ["waited"]);
});

test("whoever leaves the line with nothing leaves what it was rung for to the next one", async () => {
  const bus = await liveBus({ inboxCap: 1 });
  await put(bus, "a1", "first");
  const { receipt } = await takeOne(bus, "a1");
  const room = waitForRoom(neighbour(bus, living()), { ...patient, timeoutMs: 20 });
  await room.next("a1", { deliveries: 1, slots: 0, bytes: 5 });
  const second = send(onlyRings(neighbour(bus, living())), draft("a1", "next"), patient);
  await untilWaiting(bus, "a1", "room", 2);
  await ack(bus, receipt);
  assert.deepEqual(
    (await waitersOf(bus, "a1", "room")).map(({ waiting }) => waiting),
    [0, 1],
  );
  await room.end();
  await second;
});

test("a stopped process at the head of the line holds nobody up for long", async () => {
  const { bus, naps, wake } = sleepy(await handBus({ inboxCap: 1 }));
  await put(bus, "a1", "first");
  const { receipt } = await takeOne(bus, "a1");
  const stopped = spawn("sleep", ["600"], { stdio: "ignore" });
  stopped.kill("SIGSTOP");
  try {
    await queue(bus, stopped.pid!);
    const sending = send(bus, draft("a1", "behind it"), patient);
    await waitUntil("it stands behind it", () => naps.length === 1);
    await ack(bus, receipt);
    wake();
    await waitUntil("the place is not its own yet", () => naps.length === 2);
    bus.clock.pass(1_000);
    wake();
    await sending;
    // Nobody rings it, and it looks by itself.
    assert.ok(Math.max(...naps) <= 2_000, String(naps));
  } finally {
    stopped.kill("SIGKILL");
  }
});
