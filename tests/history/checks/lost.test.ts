import { expect, test } from "bun:test";
import { ack, acked, call, claim, got, lying, row, send, sending, tale, textsOf } from "../tale.ts";
import { findLost } from "./lost.ts";

const sent = send({ by: "ann", at: [0, 10] }, "m", 1);
const there = { rows: [row("m", 1)] };

test("what was accepted may lie there still, or have ended in its claimer's hands", () => {
  expect(findLost(tale([sent], { ...there, lying: [lying(1, "ready")] }))).toEqual([]);
  const taken = [
    sent,
    claim({ by: "bob", at: [20, 30] }, got("1.1.7", "m")),
    ack({ by: "bob", at: [40, 50] }, "1.1.7"),
  ];
  expect(findLost(tale(taken, { ...there, lying: [acked("1.1.7")] }))).toEqual([]);
});

test("what was accepted and is nowhere is lost, and so is a message without its delivery", () => {
  expect(textsOf(findLost(tale([sent])))).toEqual(["was accepted as message 1 and is nowhere"]);
  const [fault] = findLost(tale([sent], there));
  expect(fault?.text).toBe("message 1 is there, and its delivery nowhere");
});

test("what was accepted under one id is not there under another", () => {
  const history = tale([sent], { rows: [row("m", 2)], lying: [lying(2, "ready")] });
  expect(textsOf(findLost(history))).toEqual(["was accepted as message 1 and is message 2"]);
});

test("of what was published every delivery is there", () => {
  const published = send({ by: "ann", at: [0, 10] }, "m", 1, { to: null, topic: "t" });
  const history = tale([published], { rows: [row("m", 1, "ann", 2)], lying: [lying(1, "ready")] });
  expect(findLost(history)).toMatchObject([{ delivery: 2 }]);
});

test("nothing ends without a reason", () => {
  const ends = (state: Parameters<typeof lying>[1], more = {}) =>
    textsOf(findLost(tale([sent], { ...there, lying: [lying(1, state, more)] })));
  expect(ends("acked", { epoch: 1, nonce: 7 })).toEqual([
    "is acked, and nobody has shown that receipt",
  ]);
  expect(ends("purged")).toEqual(["is purged, and nobody did it"]);
  expect(ends("expired")).toEqual(["expired, and had all the time"]);
  expect(ends("parked")).toEqual(["is parked, and the bus is open"]);
});

test("a delivery is dead when all its attempts have failed since it was retried, and not before", () => {
  const deadAfter = (...outcomes: string[]) => {
    const attempts = outcomes.map((outcome, n) => ({ delivery: 1, epoch: n + 1, outcome }));
    const dead = lying(1, "dead", { epoch: outcomes.length, attempt: 3 });
    const rules = { maxAttempts: 3 };
    return textsOf(findLost(tale([sent], { ...there, lying: [dead], attempts }, { rules })));
  };
  expect(deadAfter("nacked", "expired", "died")).toEqual([]);
  expect(deadAfter("nacked", "returned", "nacked")).toEqual([
    "is dead at attempt 3, and 2 of them failed",
  ]);
  expect(deadAfter("nacked", "nacked", "nacked", "retried", "nacked", "died")).toHaveLength(1);
});

test("a purge, a time to live, and a request whose answer is waited for no more are reasons", () => {
  const left = (state: Parameters<typeof lying>[1]) => ({ ...there, lying: [lying(1, state)] });
  const purge = call("purge", { by: "bob", at: [20, 30] }, { inbox: "in" }, { count: 1 });
  expect(findLost(tale([sent, purge], left("purged")))).toEqual([]);
  const short = send({ by: "ann", at: [0, 10] }, "m", 1, { ttlMs: 5 });
  expect(findLost(tale([short], left("expired")))).toEqual([]);
  const asked = call(
    "request",
    { by: "ann", at: [0, 10], outcome: "fail" },
    { sends: [sending("m")] },
  );
  expect(findLost(tale([asked], left("expired")))).toEqual([]);
});

test("whoever is killed while it claims to ack at once may have acked what it never told of", () => {
  const args = { claim: { inbox: "in", max: 1, leaseMs: 9, waitMs: 0 }, acksAll: true };
  const killed = call("claim", { by: "bob", at: [20, Infinity], outcome: "info" }, args);
  const left = { ...there, lying: [acked("1.1.7", { holder: "bob" })] };
  expect(findLost(tale([sent, killed], left))).toEqual([]);
});

test("a bus that forgets may have forgotten what has ended, and nothing else", () => {
  const forgets = { rules: { forgets: true } };
  const taken = [
    sent,
    claim({ by: "bob", at: [20, 30] }, got("1.1.7", "m")),
    ack({ by: "bob", at: [40, 50] }, "1.1.7"),
  ];
  expect(findLost(tale(taken, {}, forgets))).toEqual([]);
  expect(findLost(tale(taken.slice(0, 2), {}, forgets))).toHaveLength(1);
});
