import { Database } from "bun:sqlite";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "bun:test";
import type { Connection } from "../../src/store/driver.ts";
import { bunDriver } from "../../src/store/driver-bun.ts";
import {
  type Migration,
  applicationId,
  checkSchema,
  formatDatabase,
  isWriteAhead,
  migrate,
} from "../../src/store/migrate.ts";
import { migrations } from "../../src/store/migrations.ts";
import { tempHomes } from "../helpers/temp-home.ts";

const tempHome = tempHomes();
const first: Migration = { version: 1, sql: "create table a (x integer) strict" };
const second: Migration = { version: 2, sql: "create table b (x integer) strict; drop table a" };

function emptyDatabase(): { path: string; connection: Connection } {
  const home = tempHome();
  mkdirSync(home);
  const path = join(home, "bus.db");
  new Database(path, { create: true }).close();
  return { path, connection: bunDriver.open(path, { readonly: false }) };
}

function tables(connection: Connection): unknown[] {
  return connection
    .prepare("select name from sqlite_schema where type = 'table' order by name")
    .all({})
    .map((row) => (row as { name: string }).name);
}

function facts(connection: Connection): unknown {
  return connection
    .prepare(
      "select a.application_id, v.user_version from pragma_application_id a, pragma_user_version v",
    )
    .get({});
}

describe("an empty database", () => {
  test("has schema 0, and gets every migration and our mark", () => {
    const { path, connection } = emptyDatabase();
    expect(checkSchema(connection, path, 2)).toBe(0);
    migrate(connection, path, [first, second]);
    expect(tables(connection)).toEqual(["b"]);
    expect(facts(connection)).toEqual({ application_id: applicationId, user_version: 2 });
    expect(checkSchema(connection, path, 2)).toBe(2);
  });

  test("is put into write-ahead mode so that it gives space back", () => {
    const { path, connection } = emptyDatabase();
    expect(isWriteAhead(connection)).toBe(false);
    formatDatabase(connection, path);
    expect(isWriteAhead(connection)).toBe(true);
    expect(connection.prepare("select * from pragma_auto_vacuum").get({})).toEqual({
      auto_vacuum: 2,
    });
    expect(connection.prepare("select * from pragma_page_size").get({})).toEqual({
      page_size: 2048,
    });
  });

  test("is never seen half made, whichever question another process gets in before", () => {
    for (let question = 1; question <= 5; question++) {
      const { path, connection } = emptyDatabase();
      const other = bunDriver.open(path, { readonly: false });
      let asked = 0;
      const interrupted: Connection = {
        ...connection,
        prepare(sql) {
          if (++asked === question) migrate(other, path, [first]);
          return connection.prepare(sql);
        },
      };
      expect(checkSchema(interrupted, path, 1)).toBe(question <= asked ? 1 : 0);
      other.close();
    }
  });

  test("that cannot be put into write-ahead mode is refused", () => {
    const connection = bunDriver.open(":memory:", { readonly: false });
    expect(() => formatDatabase(connection, "x")).toThrow(
      expect.objectContaining({ code: "E_FILESYSTEM" }),
    );
  });
});

describe("a database of an older schema", () => {
  test("gets what it lacks, and nothing twice", () => {
    const { path, connection } = emptyDatabase();
    migrate(connection, path, [first]);
    connection.exec("insert into a values (1)");
    migrate(connection, path, [first]);
    expect(checkSchema(connection, path, 2)).toBe(1);
    migrate(connection, path, [first, second]);
    expect(tables(connection)).toEqual(["b"]);
  });

  test("stays as it was when a migration fails, and the failure is what is told", () => {
    const { path, connection } = emptyDatabase();
    migrate(connection, path, [first]);
    const broken = { version: 2, sql: "create table b (x integer) strict; create table a (x)" };
    expect(() => migrate(connection, path, [first, broken])).toThrow(/table a already exists/);
    expect(tables(connection)).toEqual(["a"]);
    expect(facts(connection)).toEqual({ application_id: applicationId, user_version: 1 });
    migrate(connection, path, [first, second]);
    expect(tables(connection)).toEqual(["b"]);
  });

  test("tells the failure also when SQLite has rolled back by itself", () => {
    const { path, connection } = emptyDatabase();
    const rollsBack = {
      version: 1,
      sql: "create table a (x unique); insert into a values (1); insert or rollback into a values (1)",
    };
    expect(() => migrate(connection, path, [rollsBack])).toThrow(/UNIQUE constraint failed/);
    expect(tables(connection)).toEqual([]);
  });
});

describe("a database that is not for us", () => {
  test.each([
    ["has another application's mark", `pragma application_id = 7; create table a (x)`],
    ["has tables and no mark", "create table a (x)"],
    ["has no tables but another mark", "pragma application_id = 7"],
    ["has no tables but a version", "pragma user_version = 3"],
    ["has our mark and no version", `pragma application_id = ${applicationId}; create table a (x)`],
    [
      "has our mark and a nonsensical version",
      `pragma application_id = ${applicationId}; pragma user_version = -2; create table a (x)`,
    ],
  ])("because it %s is refused and left as it is", (_, sql) => {
    const { path, connection } = emptyDatabase();
    connection.exec(sql);
    const before = facts(connection);
    expect(() => checkSchema(connection, path, 1)).toThrow(
      expect.objectContaining({ code: "E_CORRUPT", message: expect.stringContaining(path) }),
    );
    expect(() => migrate(connection, path, [first])).toThrow(
      expect.objectContaining({ code: "E_CORRUPT" }),
    );
    expect(facts(connection)).toEqual(before);
  });

  test("because a newer skep wrote it is refused, naming both versions", () => {
    const { path, connection } = emptyDatabase();
    migrate(connection, path, [first, second]);
    expect(() => checkSchema(connection, path, 1)).toThrow(
      expect.objectContaining({
        code: "E_SCHEMA",
        message: expect.stringMatching(/schema 2, this one knows 1/),
      }),
    );
  });
});

test("an engine that may lose commits is refused before anything else", () => {
  const old: Connection = {
    exec: () => {},
    prepare: () => ({
      run: () => ({ changes: 0, lastId: 0 }),
      get: () => ({ value: "3.51.2" }),
      all: () => [],
    }),
    table: () => ({ columns: [], rows: [] }),
    close: () => {},
  };
  expect(() => checkSchema(old, "bus.db", 1)).toThrow(
    expect.objectContaining({ code: "E_ENGINE", message: expect.stringContaining("3.51.2") }),
  );
});

test("the migrations are numbered from 1 without a gap, and none is empty", () => {
  expect(migrations.map(({ version }) => version)).toEqual(migrations.map((_, index) => index + 1));
  for (const { sql } of migrations) expect(sql).toMatch(/^(create|alter) (table|view) /m);
});
