import assert from "node:assert/strict";
import { test } from "node:test";
import { type Draft, checkDraft } from "../../src/bus/message.ts";
import { testSettings } from "../fixtures/bus/bus.ts";
import { draft } from "./verbs.ts";

const check = (changes: Partial<Draft>) =>
  checkDraft({ ...draft("a1"), ...changes }, { ...testSettings, bodyBytesMax: 10 });

const fit: [string, Partial<Draft>][] = [
  ["nothing but a name and a body", {}],
  ["an empty body", { body: new Uint8Array(0) }],
  ["a body of exactly the limit", { body: new Uint8Array(10) }],
  ["the least and the most urgent priority", { priority: 0 }],
  ["the most urgent priority", { priority: 9 }],
  ["a type and a thread of 256 bytes", { type: "t".repeat(256), thread: "ü".repeat(128) }],
  ["null for everything that may be left out", { type: null, thread: null, replyTo: null }],
  ["a name of 64 characters", { to: "a".repeat(64) }],
];
for (const [what, changes] of fit)
  test(`a draft with ${what} is fit to be sent`, () => check(changes));

const unfit: [string, Partial<Draft>, string, RegExp][] = [
  ["one byte too many", { body: new Uint8Array(11) }, "E_BODY", /11 bytes; 10 are allowed/],
  ["priority 10", { priority: 10 }, "E_USAGE", /priority 10 /],
  ["priority -1", { priority: -1 }, "E_USAGE", /priority -1 /],
  ["priority 1.5", { priority: 1.5 }, "E_USAGE", /priority 1.5 /],
  ["no number for a priority", { priority: Number.NaN }, "E_USAGE", /priority NaN /],
  ["an empty type", { type: "" }, "E_USAGE", /type has 0 bytes/],
  ["a type of 257 bytes", { type: "t".repeat(257) }, "E_USAGE", /type has 257 bytes/],
  ["a thread of 258 bytes", { thread: "ü".repeat(129) }, "E_USAGE", /thread has 258 bytes/],
  ["a way up for a name", { to: "../x" }, "E_NAME", /"..\/x" is not a valid inbox name/],
  ["an empty name", { to: "" }, "E_NAME", /"" is not a valid/],
  ["a name of 65 characters", { to: "a".repeat(65) }, "E_NAME", /is not a valid/],
  ["SQL for a name", { to: ";drop" }, "E_NAME", /";drop"/],
  ["SQL for the name to reply to", { replyTo: ";drop" }, "E_NAME", /";drop"/],
];
for (const [what, changes, code, message] of unfit)
  test(`a draft with ${what} is refused with ${code}`, () => {
    assert.throws(() => check(changes), { code, message });
  });
