import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { idList } from "../../src/store/id-list.ts";

const engine = new Database(":memory:", { strict: true });
engine.run("create table numbers (id integer primary key) strict");
engine.run("insert into numbers values (1), (2), (3), (1790000000000000)");

test.each([
  ["no id", [], []],
  ["one id", [2], [2]],
  ["several", [3, 1], [1, 3]],
  ["the same twice, and one that is not there", [2, 2, 7], [2]],
  ["a large one", [1_790_000_000_000_000, 1], [1, 1_790_000_000_000_000]],
])("%s finds its rows", (_, ids, found) => {
  const { sql, value } = idList(ids);
  const statement = engine.query(`select id from numbers where id in (${sql}) order by id`);
  const rows = statement.all({ ids: value } as never) as { id: number }[];
  expect(rows.map(({ id }) => id)).toEqual(found);
});
