import { appendFileSync } from "node:fs";
import { expect, test } from "bun:test";
import { SkepError } from "../../src/core/errors.ts";
import { tempDir } from "../helpers/temp-dir.ts";
import { callsOf } from "./history.ts";
import { Unknown, openRecorder, readRecord, recordPath } from "./record.ts";

test("each call is recorded before it is made, and how it ended after it", async () => {
  const folder = tempDir();
  const path = recordPath(folder, "ann");
  const recorder = openRecorder(folder, "ann");
  await recorder.call("send", { onFull: "fail" }, async () => {
    expect(readRecord(path)).toMatchObject([{ client: "ann", n: 1, type: "invoke", op: "send" }]);
    return { sent: [1] };
  });
  const refuse = async () => {
    throw new SkepError("E_FULL", "no room");
  };
  const die = async () => {
    throw new Unknown({ got: [] });
  };
  const fail = async () => {
    throw new TypeError("a bug");
  };
  for (const work of [refuse, die, fail]) await recorder.call("send", {}, work);
  expect(callsOf(readRecord(path))).toMatchObject([
    { n: 1, outcome: "ok", result: { sent: [1] }, args: { onFull: "fail" } },
    { n: 2, outcome: "fail", result: { code: "E_FULL" } },
    { n: 3, outcome: "info", result: { got: [] } },
    { n: 4, outcome: "info", result: { code: "fault", message: "a bug" } },
  ]);
});

test("what a kill leaves of a line is no event, and a call without an end is one that nobody knows of", async () => {
  const folder = tempDir();
  const path = recordPath(folder, "ann");
  await openRecorder(folder, "ann").call("send", {}, async () => ({}));
  appendFileSync(
    path,
    '{"client":"ann","n":2,"t":5,"type":"invoke","op":"claim"}\n{"client":"ann","n":2,"ty',
  );
  expect(callsOf(readRecord(path))).toMatchObject([
    { n: 1, outcome: "ok" },
    { n: 2, op: "claim", outcome: "info", startMs: 5, endMs: Infinity },
  ]);
});
