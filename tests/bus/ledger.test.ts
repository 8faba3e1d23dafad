import assert from "node:assert/strict";
import { test } from "node:test";
import {
  admit,
  closeAddressBook,
  createInbox,
  hasRoom,
  inboxExists,
  move,
  openAddressBook,
  unknownInbox,
} from "../../src/bus/ledger.ts";
import { type HandBus, tempBuses } from "../helpers/temp-bus.ts";
import { ledgerOf, put, rowsOf } from "./verbs.ts";

const { handBus } = tempBuses();

const message = (bytes: number) => ({ deliveries: 1, slots: 0, bytes });
const slot = { deliveries: 0, slots: 1, bytes: 0 };

/** Whether an inbox with three deliveries of five bytes would take `load`, and whether it does. */
async function taken(
  settings: Partial<HandBus["settings"]>,
  load: typeof slot,
): Promise<[boolean, boolean]> {
  const bus = await handBus();
  for (let n = 0; n < 3; n++) await put(bus, "a1", "12345");
  const limits = { ...bus.settings, ...settings };
  const would = await bus.store.read((tx) => hasRoom(tx, limits, "a1", load));
  // What is only counted here and lies nowhere is taken back again.
  let does = false;
  const undone = bus.store.write(async (tx) => {
    does = await admit(tx, limits, { inbox: "a1", load, from: null });
    throw new Error("undone");
  });
  await assert.rejects(undone, { message: "undone" });
  return [would, does];
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
  test(`an inbox ${fits ? "takes" : "does not take"} ${what}, and who asks first is told so`, async () => {
    assert.deepEqual(await taken(settings, load), [fits, fits]);
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

test("an inbox that is not there has room, but takes nothing before it is created", async () => {
  const bus = await handBus();
  assert.equal(await bus.store.read((tx) => hasRoom(tx, bus.settings, "a1", slot)), true);
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
  const create = (temporary: boolean) =>
    bus.store.write((tx) => createInbox(tx, temporary ? "t1" : "a1", temporary));
  await bus.store.write(closeAddressBook);
  await bus.store.write(closeAddressBook);
  await assert.rejects(create(false), { code: "E_NOT_FOUND" });
  assert.equal(await create(true), true);
  await bus.store.write(openAddressBook);
  assert.equal(await create(false), true);
});

test("a name that is not there is answered with one that is, but never with a temporary one", async () => {
  const bus = await handBus();
  await put(bus, "workers");
  await bus.store.write((tx) => createInbox(tx, "request-1", true));
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
