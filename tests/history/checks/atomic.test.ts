import { expect, test } from "bun:test";
import { ack, acked, lying, row, sending, tale, textsOf } from "../tale.ts";
import { findTornAcks } from "./atomic.ts";

const sends = [sending("x"), sending("y")];
const ackOf = (outcome?: "fail" | "info", again = false) =>
  ack({ by: "bob", at: [10, 20], ...(outcome && { outcome }) }, "1.1.7", { sends, again });
const rows = [row("x", 2, "bob"), row("y", 3, "bob")];
const done = [acked("1.1.7")];
const open = [lying(1, "leased", { epoch: 1, nonce: 7 })];

test("what is sent with an ack is there when it was accepted, and only then", () => {
  expect(findTornAcks(tale([ackOf()], { rows, lying: done }))).toEqual([]);
  expect(findTornAcks(tale([ackOf("fail")], { lying: open }))).toEqual([]);
  expect(findTornAcks(tale([ackOf("info")], { rows, lying: done }))).toEqual([]);
  expect(findTornAcks(tale([ackOf("info")], { lying: open }))).toEqual([]);
});

test("an ack without it is torn, and so is it without the ack, or a part of it", () => {
  expect(textsOf(findTornAcks(tale([ackOf()], { lying: done })))).toEqual([
    "0 of 2 messages that bob sent with its ack are there; it is acked, and it was told: ok",
  ]);
  expect(findTornAcks(tale([ackOf("info")], { lying: done }))).toHaveLength(1);
  expect(findTornAcks(tale([ackOf("info")], { rows, lying: open }))).toHaveLength(1);
  expect(findTornAcks(tale([ackOf("fail")], { rows, lying: open }))).toHaveLength(1);
  expect(findTornAcks(tale([ackOf()], { rows: rows.slice(1), lying: done }))).toHaveLength(1);
  expect(findTornAcks(tale([ackOf("fail")], { lying: done }))).toHaveLength(1);
  const other = ack({ by: "eve", at: [0, 5] }, "1.1.7");
  expect(findTornAcks(tale([other, ackOf("fail")], { lying: done }))).toEqual([]);
});

test("an ack that had been accepted before sends nothing", () => {
  const first = ack({ by: "bob", at: [0, 5] }, "1.1.7");
  const again = ackOf(undefined, true);
  expect(findTornAcks(tale([first, again], { lying: done }))).toEqual([]);
  expect(findTornAcks(tale([first, again], { rows, lying: done }))).toHaveLength(1);
});

test("of an ack that is repeated with the same messages one has sent them", () => {
  const both = [ackOf("info"), ackOf(undefined, true)];
  expect(findTornAcks(tale(both, { rows, lying: done }))).toEqual([]);
  expect(findTornAcks(tale(both, { rows, lying: open }))).toHaveLength(2);
});
