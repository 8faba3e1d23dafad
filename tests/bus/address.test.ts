import assert from "node:assert/strict";
import { test } from "node:test";
import { checkRecipient, isAddress } from "../../src/bus/address.ts";
import { createInbox } from "../../src/bus/ledger.ts";
import { receive } from "../../src/bus/receive.ts";
import { subscribeTx } from "../../src/bus/subscribe.ts";
import { tempBuses } from "../helpers/temp-bus.ts";
import { put } from "./verbs.ts";

const { handBus } = tempBuses();

test("an inbox and an address can be written to, and are told apart", () => {
  for (const [to, address] of [
    ["a1", false],
    ["workers", false],
    ["@peers", true],
    ["@workers", true],
    ["@coordinator", true],
    ["@team:red", true],
    ["@team:c-1", true],
  ] as const) {
    checkRecipient(to);
    assert.equal(isAddress(to), address, to);
  }
});

const wrong: [to: string, hint: RegExp][] = [
  ["@", /^Addresses are @peers, @workers, @coordinator and @team:NAME\.$/],
  ["@worker", /^Did you mean @workers\? Addresses are/],
  ["@Workers", /^Did you mean @workers\?/],
  ["@team", /@team:NAME/],
  ["@team:", /1 to 64 characters/],
  ["@team:a b", /1 to 64 characters/],
  ["@a1", /Addresses are/],
  ["@@workers", /Did you mean @workers/],
];
for (const [to, hint] of wrong)
  test(`${to} is no address`, () => {
    assert.throws(() => checkRecipient(to), { code: "E_NAME", hint });
  });

test("nothing but a message is sent to an address", async () => {
  const bus = await handBus();
  const claim = { inbox: "@workers", holder: null, max: 1, leaseMs: 1, waitMs: 0 };
  for (const work of [
    receive(bus, claim),
    bus.store.write((tx) => createInbox(tx, "@workers")),
    bus.store.write((tx) => subscribeTx(tx, "a", "@workers")),
    put(bus, "a1", "?", { replyTo: "@workers" }),
  ])
    await assert.rejects(work, { code: "E_NAME" });
});
