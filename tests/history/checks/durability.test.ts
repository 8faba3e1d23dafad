import { expect, test } from "bun:test";
import { ack, acked, claim, got, lying, row, send, stateFrom, tale, textsOf } from "../tale.ts";
import { findHoles } from "./durability.ts";

const calls = [
  send({ by: "ann", at: [0, 10] }, "a", 1),
  send({ by: "ann", at: [20, 30] }, "b", 2),
  claim({ by: "bob", at: [40, 50] }, got("1.1.7", "a")),
  ack({ by: "bob", at: [60, 70] }, "1.1.7"),
];
const faultsAfter = (cut: Parameters<typeof stateFrom>[0]) =>
  findHoles(tale(calls, {}, { cut: stateFrom(cut) }));

test("a power cut that takes nothing, the newest or all leaves no hole", () => {
  const [a, b] = [row("a", 1), row("b", 2)];
  expect(faultsAfter({ rows: [a, b], lying: [acked("1.1.7"), lying(2, "ready")] })).toEqual([]);
  const unacked = lying(1, "leased", { epoch: 1, nonce: 7 });
  expect(faultsAfter({ rows: [a, b], lying: [unacked, lying(2, "ready")] })).toEqual([]);
  expect(faultsAfter({ rows: [a], lying: [unacked] })).toEqual([]);
  expect(faultsAfter({})).toEqual([]);
  expect(findHoles(tale(calls))).toEqual([]);
});

test("one that takes what was told before, and leaves what was told later, does", () => {
  const kept = { rows: [row("b", 2)], lying: [lying(2, "ready")] };
  expect(textsOf(faultsAfter(kept))).toEqual([
    expect.stringMatching(/took call \d+ of ann \(send\) and left call \d+ of ann \(send\)/),
  ]);
  const ackKept = { rows: [row("a", 1)], lying: [acked("1.1.7")] };
  expect(faultsAfter(ackKept)).toHaveLength(1);
});

test("of two at the same time either may be gone", () => {
  const [a, b] = [
    send({ by: "ann", at: [0, 30] }, "a", 1),
    send({ by: "eve", at: [20, 40] }, "b", 2),
  ];
  const cut = stateFrom({ rows: [row("b", 2, "eve")], lying: [lying(2, "ready")] });
  expect(findHoles(tale([a, b], {}, { cut }))).toEqual([]);
});
