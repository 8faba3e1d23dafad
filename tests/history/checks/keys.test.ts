import { expect, test } from "bun:test";
import { call, row, send, sending, tale, textsOf } from "../tale.ts";
import { findDoubleKeys } from "./keys.ts";

const key = { key: "k" };
const first = send({ by: "ann", at: [0, 10] }, "m", 1, key);
const again = (id = 1) =>
  call(
    "send",
    { by: "ann", at: [20, 30] },
    { sends: [sending("m", key)] },
    { sent: [id], again: [0] },
  );

test("a key is sent once, and answered alike ever after", () => {
  expect(findDoubleKeys(tale([first, again()], { rows: [row("m", 1)] }))).toEqual([]);
});

test("another answer, or another message, is one too many", () => {
  expect(textsOf(findDoubleKeys(tale([first, again(2)], { rows: [row("m", 1)] })))).toEqual([
    "key ann k: answered with 1 and 2",
  ]);
  expect(findDoubleKeys(tale([first], { rows: [row("m", 1), row("m", 2)] }))).toHaveLength(1);
  const second = send({ by: "ann", at: [20, 30] }, "m", 1, key);
  expect(findDoubleKeys(tale([first, second], { rows: [row("m", 1)] }))).toHaveLength(1);
});

test("a key that is taken is refused to another message, and to that one never", () => {
  const rows = [row("m", 1)];
  const refused = send({ by: "ann", at: [20, 30] }, "other", "E_CONFLICT", key);
  expect(findDoubleKeys(tale([first, refused], { rows }))).toEqual([]);
  const taken = send({ by: "ann", at: [20, 30] }, "other", 2, key);
  expect(textsOf(findDoubleKeys(tale([first, taken], { rows })))).toContain(
    "key ann k: took other after m",
  );
  const wrong = send({ by: "ann", at: [20, 30] }, "m", "E_CONFLICT", key);
  expect(findDoubleKeys(tale([first, wrong], { rows }))).toHaveLength(1);
});

test("each sender has keys of its own, and an heir may use those of another one", () => {
  const other = send({ by: "eve", at: [20, 30] }, "other", 2, key);
  const rows = [row("m", 1), row("other", 2, "eve")];
  expect(findDoubleKeys(tale([first, other], { rows }))).toEqual([]);
  const heir = send({ by: "eve", at: [20, 30] }, "m", 2, { ...key, from: "ann" });
  expect(findDoubleKeys(tale([first, heir], { rows: [row("m", 1)] })).length).toBeGreaterThan(0);
});
