import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { rowList, rowsOf } from "../../src/store/row-list.ts";

const engine = new Database(":memory:", { strict: true });
const query = `select b, a from ${rowsOf("rows", ["a", "b"])}`;

test.each([
  ["no row", []],
  ["one row", [["x", 1]]],
  [
    "several rows in their order",
    [
      ["x", 2],
      ["y", 1],
      ["x", 2],
    ],
  ],
  ["nothing and fractions", [[null, 0.5]]],
  [
    "texts that look like something else",
    [
      ["1", "null"],
      ["[]", '"'],
      ["ä\u2028\u001b", ""],
    ],
  ],
  ["a time of day in milliseconds", [["at", 1_795_366_540_454]]],
] as [string, (string | number | null)[][]][])("%s comes back as it is", (_, rows) => {
  const expected = rows.map(([a, b]) => ({ a, b })) as never[];
  expect(engine.query(query).all({ rows: rowList(rows) })).toEqual(expected);
});
