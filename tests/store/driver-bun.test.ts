import { Database } from "bun:sqlite";
import { mkdirSync, readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "bun:test";
import { bunDriver } from "../../src/store/driver-bun.ts";
import { tempHomes } from "../helpers/temp-home.ts";

const tempHome = tempHomes();

function database(): string {
  const home = tempHome();
  mkdirSync(home);
  const path = join(home, "bus.db");
  const made = new Database(path, { create: true });
  made.run("pragma journal_mode = wal");
  made.run("create table t (a integer, b blob) strict");
  made.close(true);
  return path;
}

function openFiles(home: string): string[] {
  return readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${fd}`);
      return path.startsWith(home) ? [path] : [];
    } catch {
      return [];
    }
  });
}

describe("bun:sqlite behind the port", () => {
  const connection = () => bunDriver.open(database(), { readonly: false });

  test("answers undefined where there is no row, and an empty list where there are none", () => {
    const rows = connection().prepare("select * from t");
    expect(rows.get({})).toBeUndefined();
    expect(rows.all({})).toEqual([]);
  });

  test("counts changes and tells the last id", () => {
    const db = connection();
    const insert = db.prepare("insert into t values ($a, $b)");
    expect(insert.run({ a: 1, b: null })).toEqual({ changes: 1, lastId: 1 });
    expect(insert.run({ a: 2, b: null })).toEqual({ changes: 1, lastId: 2 });
    expect(db.prepare("update t set a = a + 1").run({}).changes).toBe(2);
    expect(db.prepare("delete from t where a = 99").run({}).changes).toBe(0);
  });

  test("gives bytes back as they were", () => {
    const db = connection();
    const bytes = Uint8Array.of(0, 255, 0, 1);
    db.prepare("insert into t values (1, $b)").run({ b: bytes });
    expect(db.prepare("select b from t").get({})).toEqual({ b: bytes });
  });

  test("takes a missing parameter for the mistake it is", () => {
    const db = connection();
    expect(() => db.prepare("select $a, $b").get({ a: 1 })).toThrow(/Missing parameter "b"/);
    expect(() => db.prepare("select ?").get({})).toThrow(/Missing parameter/);
    expect(() => db.prepare("select $a").get({ A: 1 })).toThrow(/Missing parameter/);
  });

  test("names the error by SQLite's own code", () => {
    expect(() => connection().prepare("insert into t values ('x', null)").run({})).toThrow(
      expect.objectContaining({ code: "SQLITE_CONSTRAINT_DATATYPE" }),
    );
  });

  test("does not make a file that is not there, and does not write when it only reads", () => {
    const path = database();
    expect(() => bunDriver.open(`${path}.missing`, { readonly: false })).toThrow();
    expect(() => bunDriver.open(path, { readonly: true }).exec("delete from t")).toThrow(
      expect.objectContaining({ code: "SQLITE_READONLY" }),
    );
  });

  test.skipIf(process.platform !== "linux")(
    "leaves no file open when it closes, whatever was prepared and half read",
    () => {
      const path = database();
      const db = bunDriver.open(path, { readonly: false });
      db.exec("insert into t values (1, null), (2, null), (3, null)");
      const rows = db.prepare("select * from t");
      rows.get({});
      db.prepare("begin").run({});
      db.prepare("select a from t where a > $a").get({ a: 1 });
      expect(openFiles(path).length).toBeGreaterThan(0);
      db.close();
      expect(openFiles(path)).toEqual([]);
    },
  );

  test("holds no read open once a row was got: another connection can restart the log", () => {
    const path = database();
    const db = bunDriver.open(path, { readonly: false });
    db.exec("insert into t values (1, null), (2, null), (3, null)");
    db.prepare("select * from t").get({});
    const other = new Database(path, { readwrite: true, create: false });
    expect(other.query("pragma wal_checkpoint(truncate)").get()).toEqual({
      busy: 0,
      log: 0,
      checkpointed: 0,
    });
    other.close(true);
    db.close();
  });
});
