import { expect, test } from "bun:test";
import { call, claim, got, row, send, tale, textsOf } from "../tale.ts";
import { findInvented } from "./invented.ts";

const sent = send({ by: "ann", at: [0, 10] }, "m", 1);
const rows = [row("m", 1)];

test("what is received as it was sent is fine, also when its sender was never told", () => {
  const received = claim({ by: "bob", at: [20, 30] }, got("1.1.7", "m"));
  expect(findInvented(tale([sent, received], { rows }))).toEqual([]);
  const killed = send({ by: "ann", at: [0, Infinity] }, "m", undefined);
  expect(findInvented(tale([killed, received], { rows }))).toEqual([]);
});

test("what nobody sent, or was refused, is not there", () => {
  expect(textsOf(findInvented(tale([], { rows })))).toEqual([
    "message 1 is there, and was not sent",
  ]);
  const refused = send({ by: "ann", at: [0, 10] }, "m", "E_FULL");
  expect(textsOf(findInvented(tale([refused], { rows })))).toEqual([
    "message 1 is there, and was refused",
  ]);
  expect(findInvented(tale([], { rows: [row(null, 1)] }))).toHaveLength(1);
});

test("a message is of its sender, has its bytes, and is there once", () => {
  expect(findInvented(tale([sent], { rows: [row("m", 1, "eve")] }))).toHaveLength(1);
  expect(findInvented(tale([sent], { rows: [{ ...row("m", 1), bytes: 99 }] }))).toHaveLength(1);
  expect(textsOf(findInvented(tale([sent], { rows: [row("m", 1), row("m", 2)] })))).toEqual([
    "is there as messages 1, 2",
  ]);
});

test("nobody receives what was not sent before, was not sent there, or is damaged", () => {
  const receive = (one: ReturnType<typeof got>, at: readonly [number, number] = [20, 30]) =>
    textsOf(findInvented(tale([sent, claim({ by: "bob", at }, one)], { rows })));
  expect(receive(got("1.1.7", "m"), [-20, -10])).toEqual([
    "bob received message 1, which was not sent before",
  ]);
  expect(receive(got("1.1.7", "m", { inbox: "other" }))).toEqual([
    "bob received message 1 in other",
  ]);
  expect(receive(got("1.1.7", "m", { from: "eve" }))).toHaveLength(1);
  expect(receive(got("1.1.7", "m", { bytes: 1 }))).toHaveLength(1);
  expect(receive(got("1.1.7", null))).toHaveLength(1);
});

test("what is handed over is received where it was handed to", () => {
  const received = claim({ by: "bob", at: [20, 30] }, got("1.2.7", "m", { inbox: "other" }));
  const handed = call("handover", { by: "w", at: [12, 15] }, { inbox: "in", to: "other" });
  expect(findInvented(tale([sent, handed, received], { rows }))).toEqual([]);
});

test("no id is given to two messages, not even when one of them is forgotten", () => {
  const other = send({ by: "ann", at: [20, 30] }, "n", 1);
  const left = { rows: [row("n", 1)] };
  expect(textsOf(findInvented(tale([sent, other], left, { rules: { forgets: true } })))).toEqual([
    "is message 1, as m was",
  ]);
});
