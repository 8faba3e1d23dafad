import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { textList, textRows, textsIn } from "../../src/store/text-list.ts";

const engine = new Database(":memory:", { strict: true });
engine.run("create table names (name text primary key) strict, without rowid");
engine.run(`insert into names values ('a'), ('b'), ('1'), ('it''s "quoted"')`);

test.each([
  ["no text", [], []],
  ["one", ["b"], ["b"]],
  ["several", ["b", "a"], ["a", "b"]],
  ["the same twice, and one that is not there", ["a", "a", "c"], ["a"]],
  ["one that looks like a number", ["1"], ["1"]],
  ["one with quotes", [`it's "quoted"`], [`it's "quoted"`]],
])("%s finds its rows", (_, texts, found) => {
  const statement = engine.query(
    `select name from names where name in (${textsIn("names")}) order by name`,
  );
  const rows = statement.all({ names: textList(texts) }) as { name: string }[];
  expect(rows.map(({ name }) => name)).toEqual(found);
});

test("as a table a list has its texts in order, counted from 0", () => {
  const rows = engine
    .query(`select key, value from ${textRows("names")}`)
    .all({ names: textList(["b", "a", "b"]) });
  expect(rows).toEqual([
    { key: 0, value: "b" },
    { key: 1, value: "a" },
    { key: 2, value: "b" },
  ]);
});
