// Everything that writes messages to the database: what has to lie there before, what is done, and in how many transactions.
import { noticeBoot } from "../../../src/bus/boot.ts";
import { retryAllDead } from "../../../src/bus/dead-retry.ts";
import { dropAllDead } from "../../../src/bus/dead-drop.ts";
import { drain } from "../../../src/bus/drain.ts";
import { leasesOf, renewTx } from "../../../src/bus/lease.ts";
import { setInboxLimits, setSenderLimits } from "../../../src/bus/set-limits.ts";
import { parkAll, unparkAll } from "../../../src/bus/park.ts";
import { publish } from "../../../src/bus/publish.ts";
import { findPurgeable, purge } from "../../../src/bus/purge.ts";
import { receive } from "../../../src/bus/receive.ts";
import { request } from "../../../src/bus/request.ts";
import { resumeTx } from "../../../src/bus/resume.ts";
import { retain } from "../../../src/bus/retain.ts";
import { sendBatch } from "../../../src/bus/send.ts";
import { ackTx, replyByReceiptTx } from "../../../src/bus/settle.ts";
import { subscribeTx } from "../../../src/bus/subscribe.ts";
import { unsubscribeTx } from "../../../src/bus/unsubscribe.ts";
import { bytesOf } from "../../../src/core/text.ts";
import { ack, ask, draft, extend, nack, put, take, takeOne } from "../../bus/verbs.ts";
import {
  type Operation,
  aDayMs,
  asked,
  dead,
  held,
  later,
  nothing,
  past,
  quietly,
  receiptIn,
  subscribers,
  three,
} from "./before.ts";
import { bookkeeping } from "./bookkeeping.ts";

/** By name; each is tried at every step. */
export const operations: Readonly<Record<string, Operation>> = {
  send: { prepare: nothing, act: (bus) => put(bus, "a1", "hello", { from: "ada" }), changes: 1 },
  "send with a key, a delay and a lifetime": {
    prepare: three,
    act: (bus) => put(bus, "a1", "x", { from: "ada", key: "k", delayMs: 5_000, ttlMs: 9_000 }),
    changes: 1,
  },
  "send a batch": {
    prepare: three,
    act: (bus) => {
      const drafts = ["a1", "a1", "a2", "a3"].map((to, n) =>
        draft(to, `${n}`, { key: `k${n % 2}${to}` }),
      );
      return sendBatch(bus, drafts, { ...quietly, atomic: false });
    },
    changes: 1,
  },
  "be refused by a full inbox": {
    prepare: async (bus) => {
      await three(bus);
      await bus.store.write((tx) => setInboxLimits(tx, bus.settings, "a1", { cap: 3 }));
    },
    act: (bus) => put(bus, "a1", "too much").catch(() => {}),
    changes: 1,
  },
  claim: { prepare: three, act: (bus) => take(bus, "a1", { max: 2 }), changes: 1 },
  "settle a batch and claim the next": {
    prepare: held,
    async act(bus) {
      const receipt = await receiptIn(bus);
      await receive(bus, {
        inbox: "a1",
        holder: "w",
        max: 5,
        leaseMs: 60_000,
        waitMs: 0,
        before: async (tx) => void (await ackTx(tx, bus.settings, receipt, { from: "w" })),
      });
    },
    changes: 1,
  },
  "ack with a reply and sends": {
    prepare: asked,
    act: async (bus) =>
      ack(bus, await receiptIn(bus), {
        from: "w",
        reply: "42",
        send: [draft("a2", "b"), draft("a3", "c")],
      }),
    changes: 1,
  },
  nack: {
    prepare: held,
    act: async (bus) => nack(bus, await receiptIn(bus), { reason: "later", delayMs: 500 }),
    changes: 1,
  },
  extend: {
    prepare: held,
    act: async (bus) => extend(bus, await receiptIn(bus), 90_000),
    changes: 1,
  },
  "find leases that have run out": {
    prepare: held,
    act: (bus) => take(later(bus, 120_000), "a1"),
    changes: 1,
  },
  "give a letter up": {
    prepare: held,
    async act(bus) {
      const once = { ...bus, settings: { ...bus.settings, maxAttempts: 1 } };
      await nack(once, await receiptIn(bus), { reason: "poison" });
    },
    changes: 1,
  },
  publish: {
    prepare: subscribers,
    act: (bus) => publish(bus, { topic: "news.local", body: bytesOf("!") }, quietly),
    changes: 1,
  },
  "ask and be told to wait no longer": {
    prepare: three,
    act: (bus) => request(bus, draft("a1", "?"), quietly).catch(() => {}),
    // The question, that somebody waits for its answer, and that nobody does any more.
    changes: 3,
  },
  drain: {
    prepare: held,
    act: (bus) => drain(bus, { timeoutMs: 0, usualMs: 0 }),
    // That it is closed, and that what was left is parked.
    changes: 2,
  },
  resume: {
    prepare: async (bus) => {
      await held(bus);
      await drain(bus, { timeoutMs: 0, usualMs: 0 });
    },
    act: (bus) => bus.store.write(resumeTx),
    changes: 1,
  },
  purge: {
    prepare: held,
    act: async (bus) =>
      purge(
        bus,
        "a1",
        await bus.store.read((tx) => findPurgeable(tx, { inbox: "a1", dead: false })),
        {
          by: null,
        },
      ),
    changes: 1,
  },
  "retry dead letters": {
    prepare: dead,
    act: (bus) => retryAllDead(bus, "a1", { by: null }),
    changes: 1,
  },
  "drop dead letters": {
    prepare: dead,
    act: (bus) => dropAllDead(bus, "a1", { by: null }),
    changes: 1,
  },
  "forget the past": {
    prepare: past,
    act: (bus) => retain(later(bus, 40 * aDayMs)),
    changes: 1,
  },
  "give space back": {
    prepare: async (bus) => {
      const wide = { ...bus, settings: { ...bus.settings, inboxBytes: 1e9 } };
      for (let n = 0; n < 900; n++) await put(wide, "a1", "x".repeat(9_000));
      const all = await bus.store.read((tx) => findPurgeable(tx, { inbox: "a1", dead: false }));
      await purge(bus, "a1", all, { by: null });
      for (let turns = 0; turns < 10; turns++) await retain(later(bus, 40 * aDayMs));
    },
    act: (bus) => bus.store.shrink(),
    changes: 0,
  },
  "notice a new boot": {
    prepare: held,
    act: (bus) => noticeBoot({ ...bus, clock: { ...bus.clock, boot: "next boot" } }),
    changes: 1,
  },
  "set limits": {
    prepare: three,
    act: (bus) =>
      bus.store.write(async (tx) => {
        await setInboxLimits(tx, bus.settings, "a1", { cap: 5, ratePerS: 3 });
        await setSenderLimits(tx, "ada", { ratePerS: 2 });
      }),
    changes: 1,
  },
  "park and bring back": {
    prepare: held,
    async act({ store, settings }) {
      await store.write((tx) => parkAll(tx, settings, 1));
      await store.write((tx) => unparkAll(tx, "run"));
    },
    changes: 2,
  },
  "end what nobody wants any more": {
    prepare: async (bus) => {
      for (const replyTo of ["ada", null])
        await put(bus, "a1", "soon", { from: "ada", ttlMs: 1_000, replyTo });
      await put(bus, "a1", "for good", { from: "ada" });
    },
    act: (bus) => take(later(bus, 2_000), "a1"),
    changes: 1,
  },
  "answer and go on holding": {
    prepare: asked,
    act: async (bus) => {
      const receipt = await receiptIn(bus);
      const answer = { from: "w", reply: { body: bytesOf("half of it") } };
      return await bus.store.write((tx) => replyByReceiptTx(tx, bus.settings, receipt, answer));
    },
    changes: 1,
  },
  "renew what is held": {
    prepare: held,
    act: ({ store }) => store.write(async (tx) => renewTx(tx, await leasesOf(tx, "w"), 1_000_000)),
    changes: 1,
  },
  "subscribe and unsubscribe": {
    prepare: nothing,
    async act({ store }) {
      await store.write((tx) => subscribeTx(tx, "news.>", "a1"));
      await store.write((tx) => unsubscribeTx(tx, "news.>", "a1"));
    },
    changes: 2,
  },
  "clear away what a request has left": {
    prepare: async (bus) => {
      await ask(bus, "a1", "request-1", bus.clock.now() + 1_000);
      await ask(bus, "a1", "request-2", bus.clock.now() + 1_000);
      await ack(bus, (await takeOne(bus, "a1")).receipt, { reply: "too late", from: "w" });
    },
    act: (bus) => retain(later(bus, 2_000)),
    changes: 1,
  },
  "migrate a home of the first version": {
    prepare: nothing,
    act: nothing,
    changes: 1,
    migrates: true,
  },
  ...bookkeeping,
};
