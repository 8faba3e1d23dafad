import { expect, test } from "bun:test";
import { ack, acked, call, claim, got, lying, tale, textsOf } from "../tale.ts";
import { findStale } from "./stale.ts";

const first = claim({ by: "bob", at: [10, 20] }, got("1.1.7", "m"));
const second = claim({ by: "eve", at: [2_000, 2_010] }, got("1.2.8", "m"));

test("a receipt is good until somebody else has claimed, however long its lease is over", () => {
  const late = ack({ by: "bob", at: [1_900, 1_910] }, "1.1.7");
  expect(findStale(tale([first, late], { lying: [acked("1.1.7")] }))).toEqual([]);
  const meanwhile = ack({ by: "bob", at: [2_005, 2_020] }, "1.1.7");
  expect(findStale(tale([first, second, meanwhile], { lying: [acked("1.1.7")] }))).toEqual([]);
});

test("once somebody else has claimed it is good for nothing", () => {
  const late = { by: "bob", at: [2_020, 2_030] } as const;
  for (const settle of [
    ack(late, "1.1.7"),
    call("nack", late, { nack: "1.1.7" }),
    call("extend", late, { extend: "1.1.7" }),
  ])
    expect(textsOf(findStale(tale([first, second, settle], { lying: [acked("1.1.7")] })))).toEqual([
      `bob could ${settle.op} with 1.1.7 after eve had claimed with 1.2.8`,
    ]);
});

test("once a drain was over it is good for nothing either", () => {
  const drain = call("drain", { by: "w", at: [30, 40] }, {}, { parked: 1, holds: true });
  const late = ack({ by: "bob", at: [50, 60] }, "1.1.7");
  expect(findStale(tale([first, drain, late], { lying: [acked("1.1.7")] }))).toHaveLength(1);
  const later = claim({ by: "bob", at: [50, 60] }, got("1.2.8", "m"));
  const good = ack({ by: "bob", at: [70, 80] }, "1.2.8");
  expect(findStale(tale([first, drain, later, good], { lying: [acked("1.2.8")] }))).toEqual([]);
});

test("it is refused for a reason: somebody has claimed since, or the claim was ended", () => {
  const refused = ack({ by: "bob", at: [30, 40], outcome: "fail" }, "1.1.7");
  const faults = (...left: Parameters<typeof tale>[1][]) =>
    left.map((one) => findStale(tale([first, refused], one)).length);
  expect(faults({ lying: [acked("1.2.8")] }, { lying: [lying(1, "purged")] })).toEqual([0, 0]);
  const attempts = [{ delivery: 1, epoch: 1, outcome: "nacked" }];
  expect(faults({ lying: [lying(1, "ready", { epoch: 1 })], attempts })).toEqual([0]);
});

test("it is not refused while it is good", () => {
  const refused = ack({ by: "bob", at: [30, 40], outcome: "fail" }, "1.1.7");
  const end = (one: ReturnType<typeof acked>) =>
    textsOf(findStale(tale([first, refused], { lying: [one] })));
  expect(end(acked("1.1.7"))).toEqual([
    "bob was not let ack with 1.1.7, though it was good to the end",
  ]);
  expect(end(lying(1, "leased", { epoch: 1, nonce: 7 }))).toEqual([
    "bob was not let ack with 1.1.7, and nobody has claimed it since",
  ]);
});
