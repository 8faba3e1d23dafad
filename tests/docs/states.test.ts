// docs/states.md against the code: each step of its table is one that a verb makes, with those counters, and no verb
// makes another one.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { nextDead } from "../../src/bus/dead.ts";
import { dropDead } from "../../src/bus/dead-drop.ts";
import { retryDead } from "../../src/bus/dead-retry.ts";
import { drain } from "../../src/bus/drain.ts";
import { expireOverdue } from "../../src/bus/expire.ts";
import { handover } from "../../src/bus/handover.ts";
import { handBack } from "../../src/bus/hand-back.ts";
import { createInbox } from "../../src/bus/ledger.ts";
import { parkAll, unparkAll } from "../../src/bus/park.ts";
import { findPurgeable, purge } from "../../src/bus/purge.ts";
import { resumeTx } from "../../src/bus/resume.ts";
import { makeRoom } from "../../src/bus/sweep.ts";
import { isSkepError } from "../../src/core/errors.ts";
import { ack, nack, put, takeOne } from "../bus/verbs.ts";
import { type HandBus, tempBuses } from "../helpers/temp-bus.ts";
import { recordSteps } from "./record-steps.ts";

const { handBus } = tempBuses();

const page = readFileSync(join(import.meta.dirname, "..", "..", "docs", "states.md"), "utf8");

/** The rows of its table: `ready > leased`, by what, and what that does to the ledger. */
const rows = [...page.matchAll(/^\|(.+)\|$/gm)]
  .map(([, cells]) => cells!.split("|").map((cell) => cell.trim()))
  .filter(([from]) => from !== "from" && !from!.startsWith("---"))
  .map(([from, to, by, ledger]) => ({ step: `${from} > ${to}`, by: by!, ledger: ledger! }));
const allowed = new Set(rows.map(({ step }) => step));

const body = "12345";
const minute = 60_000;

type Act = (bus: HandBus) => Promise<unknown>;

const send: Act = (bus) => put(bus, "a1", body);
const sendLater: Act = (bus) => put(bus, "a1", body, { delayMs: minute });
const sendMortal: Act = (bus) => put(bus, "a1", body, { ttlMs: minute });
const sendLaterMortal: Act = (bus) => put(bus, "a1", body, { delayMs: minute, ttlMs: minute + 1 });
const receipts = new WeakMap<HandBus, string>();
const hold: Act = async (bus) => {
  const { receipt } = await takeOne(bus, "a1", { holder: "w1", leaseMs: 2 * minute });
  receipts.set(bus, receipt);
};
// Before the first claim it is one that nobody was given.
const latest = (bus: HandBus) => receipts.get(bus) ?? "1.1.1";
const done: Act = (bus) => ack(bus, latest(bus));
const rest: Act = (bus) => nack(bus, latest(bus));
const giveBack: Act = (bus) => nack(bus, latest(bus), { delayMs: 0 });
const giveUp: Act = (bus) =>
  nack({ ...bus, settings: { ...bus.settings, maxAttempts: 1 } }, latest(bus));
const handBackAs =
  (ending: "died" | "returned"): Act =>
  (bus) =>
    bus.store.write((tx) => handBack(tx, bus.settings, "w1", ending, "so it is"));
const pass =
  (ms: number): Act =>
  async (bus) =>
    bus.clock.pass(ms);
/** Whoever comes to an inbox sees to it first: that alone, without the claim or the send that follows. */
const look: Act = (bus) => bus.store.write((tx) => makeRoom(tx, bus.settings, "a1"));
const drained: Act = (bus) => drain(bus, { timeoutMs: 0, usualMs: 0 });
const resume: Act = (bus) => bus.store.write(resumeTx);
const down: Act = (bus) => bus.store.write((tx) => parkAll(tx, bus.settings, 1));
const up: Act = (bus) => bus.store.write((tx) => unparkAll(tx, "run"));
const end: Act = async (bus) => {
  const found = await bus.store.read((tx) => findPurgeable(tx, { inbox: "a1", dead: false }));
  await purge(bus, "a1", found, { by: null });
};
const late: Act = async (bus) => {
  for (const act of [pass(2 * minute), look, done]) await act(bus);
};
const expire: Act = (bus) => bus.store.write((tx) => expireOverdue(tx, "a1"));
const tooLate: Act = async (bus) => {
  for (const act of [sendLaterMortal, pass(2 * minute), expire]) await act(bus);
};
const handOverFrom =
  (from: string, to: string): Act =>
  ({ store, settings }) =>
    store.write(async (tx) => {
      await createInbox(tx, to);
      await handover(tx, settings, { from, to, reason: "so it is" });
    });
const handOver = handOverFrom("a1", "b1");
const raise: Act = (bus) =>
  bus.store.write(async (tx) => retryDead(tx, (await nextDead(tx, "a1", 0)).slice(0, 1), null));
const drop: Act = (bus) =>
  bus.store.write(async (tx) => dropDead(tx, (await nextDead(tx, "a1", 0)).slice(0, 1), null));

/** For each row of the table the ways to it: what has to be done before, and at last what makes that step. */
const ways: Record<string, Act[][]> = {
  "- > ready: `send`, `publish`, `reply`": [[send]],
  "- > delayed: `send --delay`": [[sendLater]],
  "ready > leased: `recv`": [[send, hold]],
  "delayed > ready: it is due, and somebody looks": [
    [sendLater, pass(minute), look],
    [send, hold, rest, pass(60 * minute), look],
  ],
  "leased > ready: `nack --delay 0s`": [[send, hold, giveBack]],
  "leased > ready: its lease ran out": [[send, hold, pass(2 * minute), look]],
  "leased > ready: its holder died": [[send, hold, handBackAs("died")]],
  "leased > ready: taken back: a stop, a drain, a reboot, a handover": [
    [send, hold, handBackAs("returned")],
  ],
  "leased > delayed: `nack`": [[send, hold, rest]],
  "leased > acked: `ack`": [[send, hold, done]],
  "ready > acked: `ack` after the lease ran out, nobody else having claimed": [
    [send, hold, pass(2 * minute), look, done],
  ],
  "leased > dead: its attempts are used up": [[send, hold, giveUp]],
  "ready > parked: `drain`, `down`": [
    [send, drained],
    [send, down],
  ],
  "delayed > parked: `drain`, `down`": [
    [sendLater, drained],
    [sendLater, down],
  ],
  "parked > ready: `resume`, `up`": [
    [send, drained, resume],
    [send, down, up],
  ],
  "parked > delayed: `resume`, `up`, when its sender wants it later": [
    [sendLater, drained, resume],
    [sendLater, down, up],
  ],
  "ready > expired: its time to live is over": [[sendMortal, pass(minute), look]],
  "delayed > expired: its time to live is over": [[sendLaterMortal, pass(2 * minute), expire]],
  "leased > expired: its time to live is over when its claim ends": [
    [sendMortal, hold, pass(minute), giveBack],
    [sendMortal, hold, pass(minute), handBackAs("died")],
  ],
  "ready > purged: `purge`": [[send, end]],
  "delayed > purged: `purge`": [[sendLater, end]],
  "parked > purged: `purge`": [[send, down, end]],
  "ready > ready: a handover, in another inbox": [[send, handOver]],
  "delayed > delayed: a handover, in another inbox": [
    [sendLater, handOver],
    [send, hold, rest, handOver],
  ],
  "parked > parked: a handover, in another inbox": [
    [send, drained, handOver],
    [send, down, handOver],
  ],
  "dead > ready: `dead retry`": [[send, hold, giveUp, raise]],
  "dead > purged: `dead drop`": [[send, hold, giveUp, drop]],
};

/** A bus with one inbox, and the steps that its deliveries make. */
async function watched(settings: Partial<HandBus["settings"]> = {}) {
  const bus = await handBus(settings);
  await bus.store.write((tx) => createInbox(tx, "a1"));
  return { bus, steps: await recordSteps(bus.store) };
}

describe("the table of steps", () => {
  test("has a way to each, and the diagram shows the same ones", () => {
    assert.deepEqual(
      rows.map(({ step, by }) => `${step}: ${by}`),
      Object.keys(ways),
    );
    const arrows = [...page.matchAll(/^ {2}(\S+) --> (\w+): /gm)];
    const shown = arrows.map(([, from, to]) => `${from === "[*]" ? "-" : from} > ${to}`);
    assert.deepEqual(shown.toSorted(), [...allowed].toSorted());
  });

  for (const { step, by, ledger } of rows)
    test(`${step}: ${by}`, async () => {
      for (const way of ways[`${step}: ${by}`]!) {
        const { bus, steps } = await watched();
        for (const act of way.slice(0, -1)) await act(bus);
        const before = await countsOf(bus);
        await steps.forget();
        await way.at(-1)!(bus);
        assert.deepEqual(await steps.seen(), [step]);
        assert.deepEqual(changed(before, await countsOf(bus)), ledger.split(" ").toSorted());
      }
    });
});

test("no verb makes a step that the table does not have, whatever came before it", async () => {
  const acts: Act[] = [
    [send, send, send, sendLater, sendMortal, sendLaterMortal, hold, hold, hold, hold],
    [done, rest, giveBack, giveUp, handBackAs("died"), handBackAs("returned")],
    [pass(1_000), pass(minute), look, expire, end, drained, resume, resume, down, up, up],
    [raise, drop, late, tooLate, handOver, handOverFrom("b1", "a1"), handOverFrom("b1", "a1")],
  ].flat();
  const { bus, steps } = await watched({ maxAttempts: 3 });
  const random = numbers(20_260_101);
  for (let n = 0; n < 3_000; n++) {
    try {
      await acts[random(acts.length)]!(bus);
    } catch (error) {
      // Refused: nothing there, a stale receipt, a drain. That makes no step.
      if (!isSkepError(error) && !String(error).includes("nothing to claim")) throw error;
    }
  }
  const seen = await steps.seen();
  assert.deepEqual(
    seen.filter((step) => !allowed.has(step)),
    [],
  );
  assert.deepEqual(
    [...allowed].filter((step) => !seen.includes(step)),
    [],
    "it came past every step",
  );
});

describe("the schema refuses", () => {
  const history =
    "insert into history (delivery_id, message_id, inbox, attempt, epoch, ended_at, outcome) values (9, 9, 'a1', 0, 0, 0,";
  const refused: [what: string, sql: string, how: RegExp][] = [
    ["a state of the living that is none", "update deliveries set state = 'acked'", /CHECK/],
    ["a lease without an end", "update deliveries set state = 'leased', nonce = 1", /CHECK/],
    [
      "a lease without a receipt",
      "update deliveries set state = 'leased', lease_tick = 1",
      /CHECK/,
    ],
    ["the end of a lease where there is none", "update deliveries set lease_tick = 1", /CHECK/],
    ["a rest without an end", "update deliveries set state = 'delayed'", /CHECK/],
    ["the end of a rest where there is none", "update deliveries set due_tick = 1", /CHECK/],
    ["a receipt for what is parked", "update deliveries set state = 'parked', nonce = 1", /CHECK/],
    ["a run where nothing is parked", "update deliveries set run = 1", /CHECK/],
    ["a count of more than there is", "update ledger set ready = ready + 1", /CHECK/],
    ["a count below zero", "update ledger set ready = -1, leased = leased + 2", /CHECK/],
    ["an end that is none", `${history} 'ready')`, /CHECK/],
    ["two ends", `${history} 'acked'), (9, 9, 'a1', 0, 0, 0, 'purged')`, /UNIQUE/],
    ["a second row", "insert into deliveries select * from deliveries", /UNIQUE/],
  ];
  for (const [what, sql, how] of refused)
    test(what, async () => {
      const bus = await handBus();
      await send(bus);
      await assert.rejects(
        bus.store.write((tx) => tx.run(sql)),
        ({ message }: Error) => how.test(message),
      );
    });

  test("a number a second time, even when nothing is left of the first", async () => {
    const bus = await handBus();
    await send(bus);
    await hold(bus);
    await done(bus);
    await bus.store.write((tx) => tx.run("delete from messages"));
    assert.equal((await put(bus, "a1")).id, 2);
  });
});

async function countsOf({ store }: HandBus): Promise<Record<string, number>> {
  const row = await store.read((tx) =>
    tx.get<Record<string, number>>(
      `select sent, ready, delayed, leased, parked, acked, dead, expired, purged, moved_in, moved_out, bytes
         from ledger where inbox = 'a1'`,
    ),
  );
  return { ...row };
}

/** What has changed, as the table writes it: `ready-1`, `bytes-`. */
function changed(before: Record<string, number>, after: Record<string, number>): string[] {
  return Object.keys(before)
    .filter((account) => after[account] !== before[account])
    .map((account) => {
      const by = after[account]! - before[account]!;
      if (account !== "bytes") return `${account}${by > 0 ? "+" : ""}${by}`;
      assert.equal(Math.abs(by), body.length);
      return `bytes${by > 0 ? "+" : "-"}`;
    })
    .toSorted();
}

/** Whole numbers below a limit, as good as random and each time the same. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
