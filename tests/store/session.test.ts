import { Database } from "bun:sqlite";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "bun:test";
import { systemClock } from "../../src/core/clock.ts";
import type { Connection } from "../../src/store/driver.ts";
import { bunDriver } from "../../src/store/driver-bun.ts";
import { connect, readTx, rollBack, session } from "../../src/store/session.ts";
import { tempHomes } from "../helpers/temp-home.ts";
import { openFilesIn } from "./open-files.ts";

const tempHome = tempHomes();

function emptyDatabase(): string {
  const home = tempHome();
  mkdirSync(home);
  const path = join(home, "bus.db");
  new Database(path, { create: true }).close(true);
  return path;
}

function pragma(connection: Connection, name: string): unknown {
  const row = connection.prepare(`pragma ${name}`).get({}) as Record<string, unknown>;
  return Object.values(row)[0];
}

describe("a connection", () => {
  test.each([
    ["process", 1],
    ["power", 2],
  ] as const)(
    "for durability %p has every setting said, none left to taste",
    (durability, sync) => {
      for (const readonly of [false, true]) {
        const db = connect({ path: emptyDatabase(), driver: bunDriver, durability }, readonly);
        expect(pragma(db, "synchronous")).toBe(sync);
        expect(pragma(db, "busy_timeout")).toBe(100);
        expect(pragma(db, "foreign_keys")).toBe(1);
        expect(pragma(db, "trusted_schema")).toBe(0);
        expect(pragma(db, "cache_size")).toBe(-2000);
        expect(pragma(db, "temp_store")).toBe(2);
        db.close();
      }
    },
  );

  test.skipIf(process.platform !== "linux")("that cannot be set up is not left open", () => {
    const path = emptyDatabase();
    writeFileSync(path, "this is no database, however long one looks at it ".repeat(100));
    for (let i = 0; i < 5; i++)
      expect(() => {
        const db = connect({ path, driver: bunDriver, durability: "process" }, false);
        try {
          db.prepare("select * from sqlite_schema").all({});
        } finally {
          db.close();
        }
      }).toThrow(expect.objectContaining({ code: "SQLITE_NOTADB" }));
    expect(openFilesIn(dirname(path))).toEqual([]);
  });
});

describe("a session", () => {
  const open = () =>
    session(connect({ path: emptyDatabase(), driver: bunDriver, durability: "process" }, false));

  test("begins again after it was refused, as often as it takes", () => {
    const path = emptyDatabase();
    const file = { path, driver: bunDriver, durability: "process" } as const;
    const [holder, waiter] = [session(connect(file, false)), session(connect(file, false))];
    holder.exec("begin immediate");
    for (let attempt = 0; attempt < 3; attempt++)
      expect(() => waiter.exec("begin immediate")).toThrow(
        expect.objectContaining({ code: "SQLITE_BUSY" }),
      );
    holder.exec("commit");
    waiter.exec("begin immediate");
    waiter.exec("commit");
    holder.close();
    waiter.close();
  });

  test("rolls back a transaction, and does not mind that there is none", () => {
    const db = open();
    rollBack(db);
    db.exec("begin immediate");
    db.exec("create table t (a)");
    rollBack(db);
    rollBack(db);
    db.exec("begin immediate");
    db.exec("create table t (a)");
    db.exec("commit");
    db.close();
  });

  test("refuses a statement for a transaction that has ended, and values that would be changed", () => {
    const db = open();
    const tx = readTx(db, systemClock());
    expect(db.statement("select $a as a", tx, { a: 1 }).get({ a: 1 })).toEqual({ a: 1 });
    expect(() => db.statement("select $a", tx, { a: Number.NaN })).toThrow(/cannot be bound/);
    tx.ended = true;
    expect(() => db.statement("select 1", tx, {})).toThrow(/after it ended/);
    db.close();
  });
});
