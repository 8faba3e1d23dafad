import assert from "node:assert/strict";
import { test } from "node:test";
import type { Bus } from "../../src/bus/bus.ts";
import { conservation } from "../../src/bus/inboxes.ts";
import type { Delivery, Draft } from "../../src/bus/message.ts";
import { wasGivenOut } from "../../src/bus/prune.ts";
import { publish } from "../../src/bus/publish.ts";
import { receive } from "../../src/bus/receive.ts";
import {
  keepRetaining,
  retain,
  takeTurns,
  turnsAfterClaim,
  turnsAfterPublish,
  turnsAfterSend,
} from "../../src/bus/retain.ts";
import { sendBatch } from "../../src/bus/send.ts";
import { ackAllTx } from "../../src/bus/settle.ts";
import { subscribeTx } from "../../src/bus/subscribe.ts";
import { trace } from "../../src/bus/trace.ts";
import { SkepError } from "../../src/core/errors.ts";
import { bytesOf } from "../../src/core/text.ts";
import type { WriteTx } from "../../src/store/store.ts";
import { auditLedger } from "../helpers/audit-ledger.ts";
import { tempBuses } from "../helpers/temp-bus.ts";
import { testDriver } from "../helpers/test-driver.ts";
import { waitUntil } from "../helpers/wait-until.ts";
import { programs } from "./start-program.ts";
import { ack, draft, nack, put, rowsOf, take, takeOne } from "./verbs.ts";

const { handBus, liveBus } = tempBuses({ forgets: true });
const start = programs();

const day = 86_400_000;
const onFull = { onFull: "fail", timeoutMs: 0 } as const;

const many = (count: number, body = "hello") =>
  Array.from({ length: count }, () => draft("a1", body));

async function sendAll(bus: Bus, drafts: Draft[]): Promise<void> {
  await sendBatch(bus, drafts, { from: "ada", ...onFull, atomic: false });
}

/** Claims and acks everything there is in `inbox`, as a host does it. */
async function finishAll(bus: Bus, inbox = "a1"): Promise<void> {
  let held: Delivery[] = [];
  const before = async (tx: WriteTx) => {
    const receipts = held.map(({ receipt }) => receipt!);
    await ackAllTx(tx, receipts);
  };
  do
    held = await receive(bus, {
      inbox,
      holder: "bob",
      max: 500,
      leaseMs: 60_000,
      waitMs: 0,
      before,
    });
  while (held.length > 0);
}

async function pagesOf({ store }: Bus): Promise<number> {
  const row = await store.read((tx) =>
    tx.get<{ pages: number }>("select page_count as pages from pragma_page_count"),
  );
  return row!.pages;
}

test("a month of days leaves no more behind than the last of them, and every message counted", async () => {
  const bus = await handBus({ historyKeepMs: day, inboxCap: 10_000 });
  await put(bus, "kept", "waits for ever");
  const pages: number[] = [];
  for (let hour = 0; hour < 30 * 8; hour++) {
    await sendAll(bus, many(250, "x".repeat(200)));
    await finishAll(bus);
    bus.clock.pass(day / 8);
    if (hour % 8 === 7) pages.push(await pagesOf(bus));
  }
  const ledger = await bus.store.read((tx) =>
    tx.get("select sent, acked from ledger where inbox = 'a1'"),
  );
  assert.deepEqual(ledger, { sent: 60_000, acked: 60_000 });
  assert.equal((await bus.store.read(conservation)).holds, true);
  // 2,000 of the last day, and what has come since the last turn.
  for (const table of ["messages", "history"])
    assert.ok((await rowsOf(bus, table)) <= 2_600, `${table}: ${await rowsOf(bus, table)}`);
  assert.ok(Math.max(...pages) <= pages[1]! * 1.2, `pages: ${pages}`);
  assert.equal((await take(bus, "kept")).length, 1);
});

test("commands that send one message each keep the file bounded too", async () => {
  const bus = await handBus({ historyRowsMax: 100 });
  for (let n = 0; n < 1_500; n++) {
    await put(bus, "a1");
    await ack(bus, (await takeOne(bus, "a1")).receipt);
  }
  for (const table of ["messages", "history"])
    assert.ok((await rowsOf(bus, table)) <= 100 + 256, `${table}: ${await rowsOf(bus, table)}`);
});

test("what is sent with acks alone is forgotten by those who claim it", async () => {
  const bus = await handBus({ historyRowsMax: 100 });
  await put(bus, "a1");
  const claim = { inbox: "a1", holder: "bob", max: 1, leaseMs: 60_000, waitMs: 0 };
  for (let n = 0; n < 1_500; n++) {
    const [held] = await receive(bus, claim);
    await ack(bus, held!.receipt!, { send: [draft("a1")] });
  }
  assert.ok((await rowsOf(bus, "history")) <= 100 + 256, `${await rowsOf(bus, "history")}`);
});

test("what is published is forgotten by those who publish", async () => {
  const bus = await handBus({ historyRowsMax: 0, inboxCap: 10 });
  const inboxes = Array.from({ length: 100 }, (_, i) => `s${i}`);
  await bus.store.write(async (tx) => {
    for (const inbox of inboxes) await subscribeTx(tx, "news", inbox);
  });
  for (let n = 0; n < 10; n++) {
    const news = { topic: "news", body: bytesOf("hear, hear") };
    await publish(bus, news, { from: "ada", ...onFull });
    for (const inbox of inboxes) await ack(bus, (await takeOne(bus, inbox)).receipt);
  }
  assert.ok((await rowsOf(bus, "history")) <= 300, `${await rowsOf(bus, "history")}`);
  assert.ok((await rowsOf(bus, "messages")) <= 4, `${await rowsOf(bus, "messages")}`);
});

test("what expired where nobody looks is ended by those who send elsewhere", async () => {
  const bus = await handBus();
  for (const inbox of ["a2", "a3"]) await put(bus, inbox, "tidy up", { ttlMs: 1_000 });
  bus.clock.pass(1_000);
  await sendAll(bus, many(253));
  const expired = () =>
    bus.store.read((tx) =>
      tx.all("select ready, expired from ledger where inbox != 'a1' order by inbox"),
    );
  assert.deepEqual(await expired(), [
    { ready: 1, expired: 0 },
    { ready: 1, expired: 0 },
  ]);
  await put(bus, "a1");
  assert.deepEqual(await expired(), [
    { ready: 0, expired: 1 },
    { ready: 0, expired: 1 },
  ]);
});

test("turns go with ids that are multiples of 256, and with long bodies", () => {
  const sent = (ids: number[], bytes = 1) =>
    turnsAfterSend(
      ids.map(() => ({ body: new Uint8Array(bytes) })),
      ids.map((id) => ({ id, to: "a1" })),
    );
  assert.equal(sent([255]), 0);
  assert.equal(sent([256]), 1);
  assert.equal(sent([1_023, 1_024, 1_025]), 1);
  assert.equal(sent(Array.from({ length: 500 }, (_, i) => i + 1_024)), 2);
  assert.equal(sent([1], 16_383), 0);
  assert.equal(sent([1], 16_384), 1);
  assert.equal(sent([1, 2, 3], 3 * 1_048_576), 3);
  const refused = new SkepError("E_FULL", "full");
  assert.equal(turnsAfterSend([{ body: new Uint8Array(20_000) }], [refused]), 0);
  const body = new Uint8Array(1);
  const toMany = (id: number) => turnsAfterSend([{ body }], [{ id, to: "@x", deliveries: 50 }]);
  assert.deepEqual([toMany(206), toMany(207), toMany(256), toMany(257)], [0, 1, 1, 0]);
  assert.equal(turnsAfterPublish({ id: null, deliveries: 0 }, { body }), 0);
  assert.equal(turnsAfterPublish({ id: 1, deliveries: 255 }, { body }), 0);
  assert.equal(turnsAfterPublish({ id: 1, deliveries: 256 }, { body }), 1);
  assert.equal(turnsAfterPublish({ id: 256, deliveries: 1 }, { body }), 1);
  assert.equal(turnsAfterPublish({ id: 257, deliveries: 500 }, { body }), 1);
  const claimed = ["255.1.7", "256.3.7", "1024.1.7"].map((receipt) => ({ receipt }) as Delivery);
  assert.equal(turnsAfterClaim(claimed), 2);
});

test("a turn that finds nothing to do writes nothing", async () => {
  const bus = await handBus();
  await sendAll(bus, many(300));
  await finishAll(bus);
  const version = await bus.store.version();
  assert.deepEqual(await retain(bus), { due: false, worked: false });
  assert.equal(await bus.store.version(), version);
});

test("a turn that cannot have the lock is left to the next one, and nobody's send fails for it", async () => {
  const bus = await handBus({ historyRowsMax: 0 });
  await sendAll(bus, many(10));
  await finishAll(bus);
  const other = testDriver.open(`${bus.home}/bus.db`, { readonly: false });
  other.exec("begin immediate");
  await assert.rejects(retain(bus), { code: "E_BUSY" });
  await takeTurns(bus, 1);
  assert.equal(await rowsOf(bus, "history"), 10);
  other.exec("rollback");
  other.close();
  await takeTurns(bus, 1);
  assert.equal(await rowsOf(bus, "history"), 0);
});

test("a process that stays works off what has gathered, and then gives the space back", async () => {
  const bus = await handBus({ historyKeepMs: day, inboxBytes: 100_000_000 });
  for (let n = 0; n < 10; n++) await sendAll(bus, many(90, "x".repeat(10_000)));
  await finishAll(bus);
  const before = await pagesOf(bus);
  bus.clock.pass(day);
  const stop = new AbortController();
  const retaining = keepRetaining(bus, stop.signal);
  const little = before / 3;
  await waitUntil("the space is given back", async () => (await pagesOf(bus)) < little);
  stop.abort();
  await retaining;
  assert.equal(await rowsOf(bus, "messages"), 1);
});

test("an ack can be repeated as long as it is remembered, and is stale from then on", async () => {
  const bus = await handBus({ historyKeepMs: day });
  await put(bus, "a1");
  const { receipt } = await takeOne(bus, "a1");
  await ack(bus, receipt);
  await put(bus, "a1");
  bus.clock.pass(day - 1);
  await retain(bus);
  assert.equal((await ack(bus, receipt)).already, true);
  bus.clock.pass(1);
  await retain(bus);
  await assert.rejects(ack(bus, receipt), {
    code: "E_STALE",
    message: `receipt ${receipt} is stale: its delivery ended too long ago`,
  });
});

test("a trace says of what was forgotten that it was there, and of what never was that it was not", async () => {
  const bus = await handBus({ historyKeepMs: day });
  await put(bus, "a1");
  await ack(bus, (await takeOne(bus, "a1")).receipt);
  await put(bus, "a1");
  bus.clock.pass(day);
  await retain(bus);
  const look = (id: number) => bus.store.read((tx) => trace(tx, id));
  await assert.rejects(look(1), {
    code: "E_NOT_FOUND",
    message: "message 1 is not known any more",
    hint: /pruned/,
  });
  assert.equal((await look(2)).deliveries.length, 1);
  await assert.rejects(look(3), { code: "E_NOT_FOUND", message: "there is no message 3" });
  for (const [id, given] of [
    [1, true],
    [2, true],
    [3, false],
  ] as const)
    assert.equal(await bus.store.read((tx) => wasGivenOut(tx, id)), given);
});

// Processes start slowly on a busy machine.
test(
  "a turn whose process is killed, at whichever step, has been done or not at all",
  { timeout: 600_000 },
  async () => {
    const bus = await liveBus({ maxAttempts: 1 });
    for (let n = 0; n < 3; n++) await put(bus, "a1");
    await nack(bus, (await takeOne(bus, "a1")).receipt);
    await finishAll(bus);
    await put(bus, "a1", "newest");
    const rows = async () => {
      const all = [];
      for (const table of ["messages", "history", "dead_letters", "attempts"])
        all.push(await rowsOf(bus, table));
      return all.join(" ");
    };
    const before = await rows();
    let step = 0;
    for (let done = false; !done;) {
      const said = await start("die-in-a-turn.ts", bus.home, ++step).ended();
      done = said.includes("done");
      assert.ok([before, "1 0 0 0"].includes(await rows()), `step ${step}: ${await rows()}`);
      await auditLedger(bus, { forgets: true });
      if ((await rows()) !== before) break;
    }
    assert.equal(before, "4 2 1 1");
    assert.equal(await rows(), "1 0 0 0");
    assert.ok(step > 8, `${step} steps`);
  },
);
