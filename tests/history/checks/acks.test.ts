import { expect, test } from "bun:test";
import { ack, acked, lying, tale, textsOf } from "../tale.ts";
import { findDoubleAcks } from "./acks.ts";

const one = ack({ by: "bob", at: [10, 20] }, "1.1.7");
const left = { lying: [acked("1.1.7")] };

test("one ack is accepted, and may be repeated", () => {
  expect(findDoubleAcks(tale([one], left))).toEqual([]);
  const again = ack({ by: "bob", at: [30, 40] }, "1.1.7", { again: true });
  expect(findDoubleAcks(tale([one, again], left))).toEqual([]);
  const killed = ack({ by: "bob", at: [10, Infinity], outcome: "info" }, "1.1.7");
  expect(findDoubleAcks(tale([killed, again], left))).toEqual([]);
});

test("two are not, with the same receipt or another", () => {
  for (const receipt of ["1.1.7", "1.2.8"]) {
    const two = ack({ by: "eve", at: [30, 40] }, receipt);
    const [fault] = findDoubleAcks(tale([one, two], left));
    expect(fault?.text).toBe(`was acked 2 times: bob with 1.1.7, eve with ${receipt}`);
  }
});

test("nobody is told that it was acked before when nobody has done it", () => {
  const again = ack({ by: "bob", at: [30, 40] }, "1.1.7", { again: true });
  expect(textsOf(findDoubleAcks(tale([again], left)))).toEqual([
    "was told that it had been acked with 1.1.7, which nobody did",
  ]);
});

test("what was acked stays so, with that receipt", () => {
  const end = (...lying: ReturnType<typeof acked>[]) =>
    textsOf(findDoubleAcks(tale([one], { lying })));
  expect(end(acked("1.1.7"))).toEqual([]);
  expect(end(lying(1, "ready", { epoch: 1 }))).toEqual([
    "was acked with 1.1.7, and is ready in the end",
  ]);
  expect(end(acked("1.2.9"))).toHaveLength(1);
  expect(end()).toEqual(["was acked with 1.1.7, and is nowhere in the end"]);
});
