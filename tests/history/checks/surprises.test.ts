import { expect, test } from "bun:test";
import { call, send, tale, textsOf } from "../tale.ts";
import { findSurprises } from "./surprises.ts";

const ended = (op: string, outcome: "fail" | "info", code: string) =>
  textsOf(
    findSurprises(
      tale([call(op, { by: "ann", at: [0, 1], outcome }, {}, { code, message: "why" })]),
    ),
  );

test("nobody is refused for a reason that is none", () => {
  expect(ended("ack", "fail", "E_STALE")).toEqual([]);
  expect(ended("request", "fail", "E_EMPTY")).toEqual([]);
  for (const [op, code] of [
    ["ack", "E_CORRUPT"],
    ["purge", "E_DRAINING"],
    ["look", "E_INTERNAL"],
    ["request", "E_NOT_FOUND"],
  ] as const)
    expect(ended(op, "fail", code)).toEqual([
      `ann: ${op} came to an end that nobody expects: ${code}: why`,
    ]);
});

test("a fault of the program is reported, and that somebody was killed is not", () => {
  expect(ended("send", "info", "fault")).toEqual([
    "ann: send came to an end that nobody expects: fault: why",
  ]);
  const killed = send({ by: "ann", at: [0, Infinity], outcome: "info" }, "m", undefined);
  expect(findSurprises(tale([killed]))).toEqual([]);
});
