// Several processes on one bus: what holds within one process has to hold between them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { request } from "../../src/bus/request.ts";
import { sendBatch } from "../../src/bus/send.ts";
import { programs } from "../bus/start-program.ts";
import { ack, draft, ledgerOf, put, take, takeOne } from "../bus/verbs.ts";
import { untilWaiting } from "../bus/waiting.ts";
import { onlyRings } from "../fixtures/bus/bus.ts";
import { tempBuses } from "../helpers/temp-bus.ts";

const { liveBus } = tempBuses();
const start = programs();

// Processes start slowly on a busy machine.
const patience = { timeout: 240_000 };

const numbers = (said: unknown[]) => said.filter((value) => typeof value === "number");

test(
  "processes that race for the last places get exactly as many as there are",
  patience,
  async () => {
    const bus = await liveBus();
    const senders = [1, 2, 3].map(() => start("send.ts", bus.home, "a1", 40, 50, "fail"));
    for (const sender of senders) await sender.hasSaid(1);
    for (const sender of senders) sender.go();
    const said = (await Promise.all(senders.map((sender) => sender.ended()))).flat();
    assert.deepEqual(
      numbers(said).toSorted((a, b) => a - b),
      Array.from({ length: 50 }, (_, n) => n + 1),
    );
    assert.equal(said.filter((value) => value === "E_FULL").length, 70);
    assert.equal((await ledgerOf(bus, "a1"))?.ready, 50);
  },
);

test(
  "processes that claim from one inbox get each message once, and each of them in order",
  patience,
  async () => {
    const bus = await liveBus();
    const drafts = Array.from({ length: 150 }, () => draft("a1"));
    await sendBatch(bus, drafts, { from: null, onFull: "fail", timeoutMs: 0, atomic: true });
    const claimers = [1, 2, 3].map(() => start("claim.ts", bus.home, "a1"));
    for (const claimer of claimers) await claimer.hasSaid(1);
    for (const claimer of claimers) claimer.go();
    const said = await Promise.all(claimers.map(async (claimer) => numbers(await claimer.ended())));
    const inOrder = (ids: number[]) => ids.toSorted((a, b) => a - b);
    for (const ids of said) assert.deepEqual(ids, inOrder(ids));
    assert.deepEqual(
      inOrder(said.flat()),
      drafts.map((_, n) => n + 1),
    );
  },
);

test(
  "what a process was told is sent is there, though it is killed the next moment",
  patience,
  async () => {
    const bus = await liveBus({ inboxCap: 1_000_000 });
    // More than they come to before they are killed, and few enough to be counted where that takes long.
    const senders = [1, 2].map(() => start("send.ts", bus.home, "a1", 20_000, 1_000_000, "fail"));
    for (const sender of senders) await sender.hasSaid(1);
    for (const sender of senders) sender.go();
    for (const [n, sender] of senders.entries()) await sender.hasSaid(20 + n * 30);
    for (const sender of senders) await sender.kill();
    const told = senders.flatMap((sender) => numbers(sender.said()));
    const there = new Set((await take(bus, "a1", { max: 1_000_000 })).map(({ id }) => id));
    assert.deepEqual(
      told.filter((id) => !there.has(id)),
      [],
    );
    // What was committed in the moment of the kill could not be told any more: one for each at most.
    assert.ok(there.size - told.length <= 2, `${there.size} there, ${told.length} told`);
  },
);

test(
  "a message wakes the process that waits for it; one that was killed is passed over",
  patience,
  async () => {
    const bus = await liveBus();
    const echoes = [start("echo.ts", bus.home, "a1")];
    await untilWaiting(bus, "a1", "mail", 1);
    echoes.push(start("echo.ts", bus.home, "a1"));
    await untilWaiting(bus, "a1", "mail", 2);
    await echoes[0]!.kill();
    const options = { from: null, onFull: "fail", timeoutMs: 100_000 } as const;
    const { body } = await request(bus, draft("a1", "still there?"), options);
    assert.equal(Buffer.from(body).toString(), "still there?");
    await echoes[1]!.kill();
  },
);

test(
  "between processes a question and its answer need no look: rings alone wake both sides",
  patience,
  async () => {
    const bus = onlyRings(await liveBus());
    const echo = start("echo.ts", bus.home, "a1");
    const options = { from: null, onFull: "fail", timeoutMs: 100_000 } as const;
    for (let n = 0; n < 9; n++) {
      await untilWaiting(bus, "a1", "mail");
      const { body } = await request(bus, draft("a1", String(n)), options);
      assert.equal(Buffer.from(body).toString(), String(n));
    }
    await echo.kill();
  },
);

test("room wakes a sender in another process", patience, async () => {
  const bus = await liveBus();
  await put(bus, "a1");
  const sender = start("send.ts", bus.home, "a1", 3, 1, "wait");
  sender.go();
  for (let n = 0; n < 3; n++) {
    await untilWaiting(bus, "a1", "room");
    await ack(bus, (await takeOne(bus, "a1")).receipt);
  }
  assert.deepEqual(await sender.ended(), ["ready", 2, 3, 4]);
});

test(
  "a ring of five whose inboxes are full of each other's questions makes progress",
  patience,
  async () => {
    const [size, cap, each] = [5, 4, 25];
    const bus = await liveBus({ inboxCap: cap });
    const inbox = (n: number) => `a${n % size}`;
    // Two questions lie in each, and two places are kept for the answers to its own: nothing more goes in anywhere.
    for (let n = 0; n < size; n++)
      for (let k = 0; k < 2; k++)
        await put(bus, inbox(n), "?", { replyTo: inbox(n + size - 1), type: "question" });
    for (let n = 0; n < size; n++) await assert.rejects(put(bus, inbox(n)), { code: "E_FULL" });
    const ring = Array.from({ length: size }, (_, n) =>
      start("ring.ts", bus.home, inbox(n), inbox(n + 1), each, cap),
    );
    for (const program of ring) await program.hasSaid(1);
    for (const program of ring) program.go();
    for (const program of ring) await program.hasSaid(1 + 2 + each);
    for (const program of ring) await program.kill();
    for (let n = 0; n < size; n++)
      assert.partialDeepStrictEqual(await ledgerOf(bus, inbox(n)), { reserved: 0 });
  },
);
