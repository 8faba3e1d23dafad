import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { checkQuery } from "../../src/store/query.ts";
import { openHome, writeRow } from "../fixtures/store/home.ts";
import { tempHomes } from "../helpers/temp-home.ts";

const tempHome = tempHomes();

const refused = (message: string) => expect.objectContaining({ code: "E_USAGE", message });

test("a query answers names and values as they are, whole numbers of any size", async () => {
  const store = await openHome(tempHome());
  const sql = "select 9007199254740993 as x, 2 as x, null as n, 1.5 as r, 'ä' as t, x'00ff' as b";
  expect(await store.query(sql)).toEqual({
    columns: ["x", "x", "n", "r", "t", "b"],
    rows: [[9007199254740993n, 2n, null, 1.5, "ä", new Uint8Array([0, 255])]],
  });
  expect(await store.query("select 1 as one where false")).toEqual({ columns: ["one"], rows: [] });
  await store.close();
  await expect(store.query(sql)).rejects.toMatchObject({ code: "E_INTERNAL" });
});

test("it sees what is committed and nothing else, and waits for no writer", async () => {
  const home = tempHome();
  const store = await openHome(home);
  await writeRow(store, "a");
  const writer = new Database(join(home, "bus.db"));
  writer.run("begin immediate");
  writer.run("insert into meta (key, value) values ('b', '')");
  const keys = () => store.query("select key from meta where key in ('a', 'b')");
  expect((await keys()).rows).toEqual([["a"]]);
  writer.run("commit");
  writer.close();
  expect((await keys()).rows).toEqual([["a"], ["b"]]);
  await store.close();
});

test("whatever would write is refused, and nothing is written", async () => {
  const home = tempHome();
  const store = await openHome(home);
  const elsewhere = join(home, "elsewhere.db");
  const writes = [
    "delete from meta",
    "insert into meta values ('x', 'y')",
    "with x as (select 1) insert into meta select 'x', 'y'",
    "with x as (select 1) delete from meta",
    "create table t (x)",
    "drop view swarm",
    "pragma query_only = off",
    "pragma journal_mode = delete",
    `attach database '${elsewhere}' as other`,
    `vacuum into '${elsewhere}'`,
    "begin immediate",
  ];
  const before = await store.query("select * from meta");
  for (const sql of writes)
    expect(await store.query(sql).catch(({ code }) => [sql, code])).toEqual([sql, "E_USAGE"]);
  expect(existsSync(elsewhere)).toBe(false);
  expect(await store.query("select * from meta")).toEqual(before);
  await writeRow(store, "still writes");
  await store.close();
});

test("other databases are asked under the names they are given, and are not written either", async () => {
  const home = tempHome();
  const store = await openHome(home);
  const other = join(home, "it's another.db");
  const theirs = new Database(other, { create: true });
  theirs.run("create table letters (body text)");
  theirs.run("insert into letters values ('dear')");
  const attached = { other };
  const sql = "select body, (select count(*) from meta) as ours from other.letters";
  expect((await store.query(sql, attached)).rows).toEqual([["dear", 0n]]);
  const write = "with x as (select 1) delete from other.letters";
  await expect(store.query(write, attached)).rejects.toMatchObject({ code: "E_USAGE" });
  expect(theirs.query("select count(*) as n from letters").get()).toEqual({ n: 1 });
  theirs.close();
  // It is there for this one question.
  await expect(store.query(sql)).rejects.toThrow(refused("no such table: other.letters"));
  await store.close();
});

test("with several databases at hand a damaged one is not blamed on the other", async () => {
  const home = tempHome();
  const store = await openHome(home);
  const other = join(home, "other.db");
  writeFileSync(other, "x".repeat(5_000));
  await expect(store.query("select 1", { other })).rejects.toMatchObject({
    code: "E_CORRUPT",
    message: expect.stringContaining(`${join(home, "bus.db")} or ${other} is damaged`),
  });
  await store.close();
});

test("what SQLite does not understand is the asker's mistake, in SQLite's words", async () => {
  const store = await openHome(tempHome());
  for (const [sql, message] of [
    ["select * from nowhere", "no such table: nowhere"],
    ["select 1 from", "incomplete input"],
    ["select nofunction()", "no such function: nofunction"],
    ["select load_extension('x')", "not authorized"],
  ] as const)
    await expect(store.query(sql)).rejects.toThrow(refused(message));
  await store.close();
});

describe("one question at a time", () => {
  test("semicolons in texts, names and comments separate nothing", () => {
    for (const sql of [
      "select 1",
      "  select 1 ;  ",
      "select ';''; x' as \"a;b\" -- and; this",
      "/* first; */ select [a;b] from `c;d` /* open; end",
      "-- a comment\nwith x as (select 1) select * from x;-- the end",
      "values (1), (2)",
      "EXPLAIN QUERY PLAN select 1",
      "(select 1)",
    ])
      expect(() => checkQuery(sql)).not.toThrow();
  });

  test("two are refused, and none", () => {
    expect(() => checkQuery("select 1; select 2;")).toThrow(refused("there are 2 statements"));
    for (const sql of ["", " ; ", "-- select 1", "/* select 1"])
      expect(() => checkQuery(sql)).toThrow(refused("there is no statement"));
  });

  test("what is no question is named, clipped to its first line", () => {
    expect(() => checkQuery("selected")).toThrow(
      refused("only questions are answered, and this is none: selected"),
    );
    expect(() => checkQuery(`drop ${"x".repeat(100)}\ny`)).toThrow(
      refused(`only questions are answered, and this is none: drop ${"x".repeat(54)}…`),
    );
  });
});
