import assert from "node:assert/strict";
import { test } from "node:test";
import type { Bus } from "../../src/bus/bus.ts";
import { closeAddressBook, createInbox } from "../../src/bus/ledger.ts";
import { listLimits, showLimits } from "../../src/bus/limits.ts";
import { type SendOptions, send } from "../../src/bus/send.ts";
import {
  type LimitChange,
  clearInboxLimits,
  clearSenderLimits,
  setInboxLimits,
  setSenderLimits,
} from "../../src/bus/set-limits.ts";
import { onlyRings } from "../fixtures/bus/bus.ts";
import { tempBuses } from "../helpers/temp-bus.ts";
import { draft, put, rowsOf } from "./verbs.ts";
import { untilWaiting } from "./waiting.ts";

const { handBus, liveBus } = tempBuses();

const patient: SendOptions = { from: "ada", onFull: "wait", timeoutMs: 60_000 };

const set = (bus: Bus, name: string, change: LimitChange) =>
  bus.store.write((tx) => setInboxLimits(tx, bus.settings, name, change));
const setSends = (bus: Bus, name: string, change: LimitChange) =>
  bus.store.write((tx) => setSenderLimits(tx, name, change));
const list = ({ store, settings }: Bus) => store.read((tx) => listLimits(tx, settings));
const show = ({ store, settings }: Bus, name: string) =>
  store.read((tx) => showLimits(tx, settings, name));
const clear = ({ store }: Bus, name: string) => store.write((tx) => clearInboxLimits(tx, name));

test("limits that are set are listed by name, with those of senders", async () => {
  const bus = await handBus({ inboxCap: 7 });
  await set(bus, "b", { cap: 3 });
  await setSends(bus, "a", { ratePerS: 2.5 });
  await set(bus, "c", { bytes: 10, ratePerS: 1, burst: 4 });
  const all = await list(bus);
  assert.deepEqual(
    all.map(({ name, of, cap, bytes, ratePerS, burst, own }) => [
      name,
      of,
      cap,
      bytes,
      ratePerS,
      burst,
      own.join(),
    ]),
    [
      ["a", "sends", null, null, 2.5, 3, "rate"],
      ["b", "inbox", 3, 1_000_000, null, null, "cap"],
      ["c", "inbox", 7, 10, 1, 4, "bytes,rate"],
    ],
  );
});

test("what is not named stays as it is, and a new rate brings its own burst", async () => {
  const bus = await handBus();
  await set(bus, "a1", { cap: 3, ratePerS: 10 });
  assert.partialDeepStrictEqual(await set(bus, "a1", { burst: 2 }), {
    cap: 3,
    ratePerS: 10,
    burst: 2,
  });
  assert.partialDeepStrictEqual(await set(bus, "a1", { ratePerS: 5 }), { cap: 3, burst: 5 });
  assert.partialDeepStrictEqual(await set(bus, "a1", { cap: 4 }), { cap: 4, ratePerS: 5 });
  await setSends(bus, "ada", { ratePerS: 1, burst: 9 });
  assert.partialDeepStrictEqual(await setSends(bus, "ada", { burst: 2 }), {
    ratePerS: 1,
    burst: 2,
  });
});

test("limits can be set before there is an inbox, unless the address book is closed", async () => {
  const bus = await handBus();
  await set(bus, "a1", { cap: 1 });
  await put(bus, "a1");
  await assert.rejects(put(bus, "a1"), { code: "E_FULL" });
  await bus.store.write(closeAddressBook);
  await assert.rejects(set(bus, "a2", { cap: 1 }), { code: "E_NOT_FOUND" });
  await assert.rejects(set(bus, "no name", { cap: 1 }), { code: "E_NAME" });
  await assert.rejects(setSends(bus, "", { ratePerS: 1 }), { code: "E_NAME" });
});

const wrong: [string, LimitChange][] = [
  ["nothing", {}],
  ["a cap of 0", { cap: 0 }],
  ["a cap below nothing", { cap: -1 }],
  ["half a delivery", { cap: 1.5 }],
  ["a cap of 10¹²", { cap: 1e12 }],
  ["no bytes", { bytes: 0 }],
  ["more bytes than can be counted", { bytes: 2 ** 60 }],
  ["a rate of 0", { ratePerS: 0 }],
  ["a rate below nothing", { ratePerS: -2 }],
  ["a rate beyond all measure", { ratePerS: 1e12 }],
  ["a rate of once in a million years", { ratePerS: 1e-15 }],
  ["a rate that is no number", { ratePerS: Number.NaN }],
  ["a burst of 0", { ratePerS: 1, burst: 0 }],
  ["a burst of 10¹²", { ratePerS: 1, burst: 1e12 }],
  ["a burst without a rate", { burst: 5 }],
];
for (const [what, change] of wrong)
  test(`${what} is no limit, says what is one, and changes nothing`, async () => {
    const bus = await handBus();
    for (const way of [set, setSends]) {
      if (way === setSends && (change.cap ?? change.bytes) !== undefined) continue;
      await assert.rejects(way(bus, "a1", change), { code: "E_USAGE", hint: /\d|--cap N/ });
    }
    assert.deepEqual(await list(bus), []);
    assert.equal(await rowsOf(bus, "ledger"), 0);
  });

test("the most that a limit can be is one", async () => {
  const bus = await handBus();
  const most = { cap: 1e9, bytes: 1e12, ratePerS: 1e6, burst: 1e6 };
  assert.partialDeepStrictEqual(await set(bus, "a1", most), most);
  await put(bus, "a1");
});

test("cleared, the general limits hold again; there is no more to clear then", async () => {
  const bus = await handBus();
  await set(bus, "a1", { cap: 1, ratePerS: 0.001 });
  await setSends(bus, "ada", { ratePerS: 0.001 });
  await put(bus, "a1", "1", { from: "ada" });
  assert.equal(await clear(bus, "a1"), true);
  assert.equal(await clear(bus, "a1"), false);
  assert.equal(await bus.store.write((tx) => clearSenderLimits(tx, "ada")), true);
  assert.equal(await bus.store.write((tx) => clearSenderLimits(tx, "ada")), false);
  await put(bus, "a1", "2", { from: "ada" });
  assert.deepEqual(await list(bus), []);
});

test("of a name that is neither an inbox nor a sender there is nothing to show or to clear", async () => {
  const bus = await handBus();
  await bus.store.write((tx) => createInbox(tx, "planner"));
  const fault = { code: "E_NOT_FOUND", hint: "Did you mean planner?" };
  await assert.rejects(show(bus, "planer"), fault);
  await assert.rejects(clear(bus, "planer"), fault);
  await bus.store.write((tx) => setSenderLimits(tx, "planer", { ratePerS: 1 }));
  await assert.rejects(clear(bus, "planer"), {
    code: "E_NOT_FOUND",
    message: "there is no inbox planer, only a limit on what planer sends",
    hint: /limits clear planer --sends/,
  });
});

test("an inbox that is made roomier lets those in who wait for room", async () => {
  const bus = onlyRings(await liveBus({ inboxCap: 1 }));
  await put(bus, "a1");
  const sending = send(bus, draft("a1"), patient);
  await untilWaiting(bus, "a1", "room");
  await set(bus, "a1", { cap: 2 });
  await sending;
});

const turns: [string, (bus: Bus) => Promise<unknown>, (bus: Bus) => Promise<unknown>][] = [
  ["an inbox", (bus) => set(bus, "a1", { ratePerS: 0.1 }), (bus) => clear(bus, "a1")],
  [
    "a sender",
    (bus) => setSends(bus, "ada", { ratePerS: 0.1 }),
    (bus) => setSends(bus, "ada", { ratePerS: 1_000 }),
  ],
];
for (const [what, slow, quicken] of turns)
  test(`who waits for the turn that ${what} has goes at once when the limit is raised`, async () => {
    // Where time passes its turn may come by itself.
    const bus = onlyRings(await handBus());
    await slow(bus);
    await put(bus, "a1", "first", { from: "ada" });
    const sending = send(bus, draft("a1"), patient);
    await untilWaiting(bus, "a1", "turn");
    await quicken(bus);
    await sending;
  });

test("an inbox that holds more than a new cap keeps it all and takes no more", async () => {
  const bus = await handBus();
  for (let n = 0; n < 3; n++) await put(bus, "a1");
  await set(bus, "a1", { cap: 2 });
  await assert.rejects(put(bus, "a1"), { code: "E_FULL" });
});
