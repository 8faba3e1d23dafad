import assert from "node:assert/strict";
import { test } from "node:test";
import {
  admit,
  closeAddressBook,
  createInbox,
  createTemporaryInbox,
  inboxExists,
  move,
  openAddressBook,
  takesMessages,
  unknownInbox,
} from "../../src/bus/ledger.ts";
import { type HandBus, tempBuses } from "../helpers/temp-bus.ts";
import { ledgerOf, put, rowsOf } from "./verbs.ts";

const { handBus } = tempBuses();

const message = (bytes: number) => ({ deliveries: 1, slots: 0, bytes });
const slot = { deliveries: 0, slots: 1, bytes: 0 };

/** Whether an inbox with three deliveries of five bytes takes `load`. */
async function taken(settings: Partial<HandBus["settings"]>, load: typeof slot): Promise<boolean> {
  const bus = await handBus();
  for (let n = 0; n < 3; n++) await put(bus, "a1", "12345");
  const limits = { ...bus.settings, ...settings };
  // What is only counted here and lies nowhere is taken back again.
  let does = false;
  const undone = bus.store.write(async (tx) => {
    does = await admit(tx, limits, { inbox: "a1", load, from: null });
    throw new Error("undone");
  });
  await assert.rejects(undone, { message: "undone" });
  return does;
}

const loads: [string, Partial<HandBus["settings"]>, typeof slot, boolean][] = [
  ["the last place", { inboxCap: 4 }, message(5), true],
  ["one more than there are places", { inboxCap: 3 }, message(5), false],
  ["the last bytes", { inboxBytes: 20 }, message(5), true],
  ["one byte more than there is room for", { inboxBytes: 19 }, message(5), false],
  ["nothing at all where bodies are too many already", { inboxBytes: 10 }, message(0), false],
  ["a slot in the last place", { inboxCap: 4 }, slot, true],
  ["a slot where there is no place", { inboxCap: 3 }, slot, false],
  ["a slot where there is no byte left", { inboxBytes: 1 }, slot, true],
  [
    "a message and a slot in the last two places",
    { inboxCap: 5 },
    { ...message(1), slots: 1 },
    true,
  ],
  ["a message and a slot in one place", { inboxCap: 4 }, { ...message(1), slots: 1 }, false],
];
for (const [what, settings, load, fits] of loads)
  test(`an inbox ${fits ? "takes" : "does not take"} ${what}`, async () => {
    assert.equal(await taken(settings, load), fits);
  });

test("an inbox's own limits go before the general ones", async () => {
  const bus = await handBus({ inboxCap: 1, inboxBytes: 1 });
  await bus.store.write(async (tx) => {
    await createInbox(tx, "a1");
    await tx.run("update ledger set cap = 2, cap_bytes = 10");
  });
  for (let n = 0; n < 2; n++) await put(bus, "a1", "12345");
  await assert.rejects(put(bus, "a1", ""), { code: "E_FULL" });
});

test("an inbox that is not there takes nothing before it is created", async () => {
  const bus = await handBus();
  assert.equal(
    await bus.store.write((tx) => admit(tx, bus.settings, { inbox: "a1", load: slot, from: null })),
    false,
  );
});

test("an inbox is created once", async () => {
  const bus = await handBus();
  const create = () => bus.store.write((tx) => createInbox(tx, "a1"));
  assert.deepEqual([await create(), await create()], [true, false]);
  assert.equal(await bus.store.read((tx) => inboxExists(tx, "a1")), true);
  assert.equal(await bus.store.read((tx) => inboxExists(tx, "a2")), false);
});

test("with the address book closed only temporary inboxes come into being, until it is open again", async () => {
  const bus = await handBus();
  const create = () => bus.store.write((tx) => createInbox(tx, "a1"));
  await bus.store.write(closeAddressBook);
  await bus.store.write(closeAddressBook);
  await assert.rejects(create(), { code: "E_NOT_FOUND" });
  await bus.store.write((tx) => createTemporaryInbox(tx, "t1", 9e15));
  assert.equal(await bus.store.read((tx) => inboxExists(tx, "t1")), true);
  await bus.store.write(openAddressBook);
  assert.equal(await create(), true);
});

test("a temporary inbox takes what its maker puts there, and is none to anybody else", async () => {
  const bus = await handBus();
  await bus.store.write((tx) => createTemporaryInbox(tx, "t1", 9e15));
  await put(bus, "a1");
  const takes = (inbox: string) => bus.store.read((tx) => takesMessages(tx, inbox));
  assert.deepEqual([await takes("a1"), await takes("t1"), await takes("a2")], [true, false, false]);
  const admits = (isTemporary: boolean) =>
    bus.store.write((tx) =>
      admit(tx, bus.settings, { inbox: "t1", load: slot, from: null, isTemporary }),
    );
  assert.deepEqual([await admits(false), await admits(true)], [false, true]);
  await assert.rejects(
    bus.store.write((tx) => createInbox(tx, "t1")),
    { code: "E_NOT_FOUND", hint: /only the answer/ },
  );
  await bus.store.write((tx) => tx.run("update ledger set reserved = 0 where inbox = 't1'"));
});

test("a name that is not there is answered with one that is, but never with a temporary one", async () => {
  const bus = await handBus();
  await put(bus, "workers");
  await bus.store.write((tx) => createTemporaryInbox(tx, "request-1", 9e15));
  const hint = async (name: string) => (await bus.store.read((tx) => unknownInbox(tx, name))).hint;
  assert.equal(await hint("worker"), "Did you mean workers?");
  assert.equal(await hint("request-2"), "skep inboxes lists them.");
});

test("the ledger itself refuses what does not add up or falls below nothing", async () => {
  const bus = await handBus();
  await put(bus, "a1");
  for (const wrong of [
    { ready: 1 },
    { acked: 1 },
    { ready: -1 },
    { ready: -2, acked: 2 },
    { reserved: -1 },
  ])
    await assert.rejects(
      bus.store.write((tx) => move(tx, "a1", wrong)),
      { code: "SQLITE_CONSTRAINT_CHECK" },
    );
  assert.partialDeepStrictEqual(await ledgerOf(bus, "a1"), { ready: 1, reserved: 0 });
});

test("a movement in an inbox that is not there makes none", async () => {
  const bus = await handBus();
  await put(bus, "a1");
  await bus.store.write((tx) => move(tx, "a2", { ready: 1, sent: 1 }));
  assert.equal(await rowsOf(bus, "ledger"), 1);
});
