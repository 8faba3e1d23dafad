import { expect, test } from "bun:test";
import {
  attachLine,
  attachPath,
  decoded,
  encoded,
  shownOn,
  typedOn,
} from "../../src/agents/attach-line.ts";

test("what is typed and what is shown come through as they were, any bytes", () => {
  const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  const keys = { keys: encoded(all) };
  expect(attachLine(keys)).toMatch(/^[^\n]*\n$/);
  expect(typedOn(attachLine(keys))).toEqual(keys);
  expect([...decoded(keys.keys)]).toEqual([...all]);
  const size = { size: { columns: 80, rows: 24 } };
  expect(typedOn(attachLine(size))).toEqual(size);
  for (const shown of [{ output: encoded(all) }, { ended: "exited with 0" }])
    expect(shownOn(attachLine(shown))).toEqual(shown);
});

test("anything else says nothing", () => {
  for (const line of [
    undefined,
    "",
    "{",
    "null",
    "[]",
    "5",
    '{"keys":5}',
    '{"size":null}',
    '{"size":{"columns":80}}',
    '{"size":{"columns":0,"rows":24}}',
    '{"size":{"columns":80.5,"rows":24}}',
    '{"size":{"columns":80,"rows":10001}}',
  ]) {
    expect(typedOn(line)).toBeUndefined();
    expect(shownOn(line)).toBeUndefined();
  }
});

test("a socket lies in the home, under a short name where the path would be too long for the system", () => {
  expect(attachPath("/h", "ada")).toBe("/h/run/ada.sock");
  const home = `/${"h".repeat(60)}`;
  const [one, other] = ["a", "b"].map((end) => attachPath(home, "n".repeat(63) + end));
  expect(one).toMatch(/^\/h+\/run\/[0-9a-f]{12}\.sock$/);
  expect(other).not.toBe(one);
  expect(attachPath(home, "n".repeat(32))).toHaveLength(103);
  expect(attachPath(home, "n".repeat(33))).toMatch(/[0-9a-f]{12}\.sock$/);
});
