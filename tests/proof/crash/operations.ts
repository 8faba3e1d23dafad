// Everything that writes to the database: what has to lie there before, what is done, and in how many transactions.
import { registerAgent, noteChange } from "../../../src/agents/registry.ts";
import { openRun } from "../../../src/agents/runs.ts";
import { finishRun } from "../../../src/agents/shutdown.ts";
import { ledgerOf } from "../../../src/app/ledger.ts";
import { noticeBoot } from "../../../src/bus/boot.ts";
import type { Bus } from "../../../src/bus/bus.ts";
import { retryAllDead } from "../../../src/bus/dead-retry.ts";
import { dropAllDead } from "../../../src/bus/dead-drop.ts";
import { drain } from "../../../src/bus/drain.ts";
import { handBack } from "../../../src/bus/hand-back.ts";
import { setInboxLimits, setSenderLimits } from "../../../src/bus/limits.ts";
import { parkAll, unparkAll } from "../../../src/bus/park.ts";
import { publish } from "../../../src/bus/publish.ts";
import { findPurgeable, purge } from "../../../src/bus/purge.ts";
import { receive } from "../../../src/bus/receive.ts";
import { request } from "../../../src/bus/request.ts";
import { resumeTx } from "../../../src/bus/resume.ts";
import { retain } from "../../../src/bus/retain.ts";
import { sendBatch } from "../../../src/bus/send.ts";
import { subscribeTx } from "../../../src/bus/subscribe.ts";
import { bytesOf } from "../../../src/core/text.ts";
import { ack, draft, extend, nack, put, take, takeOne } from "../../bus/verbs.ts";

export interface Operation {
  /** Lays what it works on into an empty bus. */
  prepare(bus: Bus): Promise<unknown>;
  act(bus: Bus): Promise<unknown>;
  /** How many transactions change something: the promise of the bus, not what it happens to do. */
  changes: number;
}

const quietly = { from: "ada", onFull: "fail", timeoutMs: 0 } as const;
const someone = { pid: 1, startTime: 1, boot: "b", namespace: "n", guardianPid: null };
const aDayMs = 86_400_000;

const nothing = async () => {};
const three = async (bus: Bus) => {
  for (const body of ["one", "two", "three"]) await put(bus, "a1", body, { from: "ada" });
};
const held = async (bus: Bus) => {
  await three(bus);
  await take(bus, "a1", { holder: "w", max: 2 });
};
const receiptIn = async (bus: Bus) =>
  (await bus.store.read((tx) =>
    tx.get<{ receipt: string }>(
      `select id || '.' || epoch || '.' || nonce as receipt from deliveries
        where state = 'leased' order by id limit 1`,
    ),
  ))!.receipt;
const asked = async (bus: Bus) => {
  await put(bus, "a1", "?", { from: "ada", replyTo: "ada" });
  await takeOne(bus, "a1", { holder: "w" });
};
const dead = async (bus: Bus) => {
  const once = { ...bus, settings: { ...bus.settings, maxAttempts: 1 } };
  await three(bus);
  for (const { receipt } of await take(bus, "a1")) await nack(once, receipt, { reason: "no" });
};
const running = async (bus: Bus) => {
  await held(bus);
  await bus.store.write(async (tx) => {
    const run = await openRun(tx, { swarm: "s", file: "f", mark: "m", ...someone });
    const agent = { group: "g", runner: "exec", run, token: "t" };
    for (const name of ["w", "v"]) await registerAgent(tx, { name, inbox: "a1", ...agent });
  });
};
const subscribers = (bus: Bus) =>
  bus.store.write(async (tx) => {
    for (const inbox of ["a1", "a2", "a3"]) await subscribeTx(tx, "news.>", inbox);
  });
const past = async (bus: Bus) => {
  await dead(bus);
  for (let n = 0; n < 4; n++) await put(bus, "a2", `${n}`, { from: "ada", key: `k${n}` });
  for (const { receipt } of await take(bus, "a2")) await ack(bus, receipt);
  await put(bus, "a2", "the newest stays");
};

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
      const { ackTx } = await import("../../../src/bus/settle.ts");
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
  "begin a run": {
    prepare: held,
    act: (bus) =>
      bus.store.write(async (tx) => {
        const run = await openRun(tx, { swarm: "s", file: "f", mark: "m", ...someone });
        const agent = { group: "g", runner: "exec", run, token: "t" };
        for (const name of ["w", "v"]) await registerAgent(tx, { name, inbox: name, ...agent });
        const given = { names: ["w", "v"], inboxes: ["w", "v"], addressBook: "closed" } as const;
        await ledgerOf(bus).begin(tx, given);
      }),
    changes: 1,
  },
  "note that an agent died": {
    prepare: running,
    act: (bus) =>
      bus.store.write(async (tx) => {
        await noteChange(tx, "w", { state: "dead", reason: "killed" });
        await handBack(tx, bus.settings, "w", "died", "killed");
      }),
    changes: 1,
  },
  "hand over": {
    prepare: running,
    act: (bus) =>
      bus.store.write(async (tx) => {
        await noteChange(tx, "w", { state: "failed" });
        const ledger = ledgerOf(bus);
        await ledger.setRoutes(tx, [{ sender: "v", address: "@coordinator", inbox: "a2" }]);
        await ledger.handover(tx, { from: "a1", to: "a2", reason: "w failed" });
      }),
    changes: 1,
  },
  "finish a run": {
    prepare: running,
    act(bus) {
      const parts = { store: bus.store, clock: bus.clock, settings: { stopGraceMs: 0 } };
      const run = { id: 1, mark: "of no process", boot: "b", namespace: "n" };
      return finishRun(run, { ...parts, ledger: ledgerOf(bus) }, 0);
    },
    // What is left is parked before anything is killed; that it is over is noted when all is.
    changes: 2,
  },
};

/** The same bus so much later. */
function later(bus: Bus, ms: number): Bus {
  const { clock } = bus;
  // The transactions carry the time, so it is the store's clock that has to go on.
  (clock as { pass?(ms: number): void }).pass!(ms);
  return bus;
}
