import { expect, test } from "bun:test";
import type { Outcome } from "../record.ts";
import { call, got, sending } from "../tale.ts";
import { type Mind, type Step, heirOf, learn, newMind } from "./mind.ts";

const ok = (result: Outcome["result"] = {}): Outcome => ({ type: "ok", result });
const fail = (code: string): Outcome => ({ type: "fail", result: { code } });
const held = ({ holding }: Mind) => holding.map(({ receipt }) => receipt);
const claim: Step = {
  op: "claim",
  args: { claim: { inbox: "in", max: 2, leaseMs: 9, waitMs: 0 } },
};

test("what was claimed is held until it is settled, or somebody else has it", () => {
  const mind = newMind("ann");
  learn(mind, claim, ok({ got: ["1.1.7", "2.1.7", "3.1.7"].map((one) => got(one, "m")) }));
  learn(mind, { op: "extend", args: { extend: "1.1.7" } }, ok());
  learn(mind, { op: "ack", args: { acks: ["1.1.7"] } }, fail("E_FULL"));
  expect(held(mind)).toEqual(["1.1.7", "2.1.7", "3.1.7"]);
  learn(mind, { op: "ack", args: { acks: ["1.1.7"] } }, ok());
  learn(mind, { op: "nack", args: { nack: "2.1.7" } }, fail("E_STALE"));
  expect(held(mind)).toEqual(["3.1.7"]);
  learn(mind, { op: "extend", args: { extend: "3.1.7" } }, fail("E_STALE"));
  expect(held(mind)).toEqual([]);
  expect(mind.settled.slice(-3)).toEqual(["1.1.7", "2.1.7", "3.1.7"]);
});

test("an heir holds what its predecessor held, and calls again what may be called twice, in its name", () => {
  const keyed = { sends: [sending("k", { key: "k" })] };
  const open = { by: "ann", at: [5, Infinity], outcome: "info" } as const;
  const past = [
    call("claim", { by: "ann", at: [0, 1] }, claim.args, { got: [got("1.1.7", "m")] }),
    call("send", open, { sends: [sending("plain")] }),
    call("send", open, keyed),
    call("ack", open, { acks: ["1.1.7"] }),
  ];
  const mind = heirOf("ann_2", "ann", past);
  expect(held(mind)).toEqual(["1.1.7"]);
  expect(mind.name).toBe("ann_2");
  expect(mind.unsure).toEqual([
    { op: "send", args: { sends: [{ ...keyed.sends[0]!, from: "ann" }] } },
    { op: "ack", args: { acks: ["1.1.7"] } },
  ]);
});
