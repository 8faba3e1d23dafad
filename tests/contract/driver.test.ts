// What the store may rely on, whichever SQLite library is behind the port.
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { isSkepError } from "../../src/core/errors.ts";
import type { Connection, Driver } from "../../src/store/driver.ts";
import { betterDriver } from "../../src/store/driver-better.ts";
import { bunDriver } from "../../src/store/driver-bun.ts";
import { isBusy, translateFault } from "../../src/store/faults.ts";
import type { Value } from "../../src/store/store.ts";
import { tempHomes } from "../helpers/temp-home.ts";

const tempHome = tempHomes();

const drivers: Record<string, Driver> = {
  "better-sqlite3": betterDriver,
  ...(process.versions.bun !== undefined && { "bun:sqlite": bunDriver }),
};

interface Given {
  driver: Driver;
  /** A database in write-ahead mode, with a table of every kind of value. */
  path: string;
  /** Another connection to it; all are closed when the test is over. */
  connect(readonly?: boolean): Connection;
  db: Connection;
}

for (const [name, driver] of Object.entries(drivers)) {
  const promise = (
    title: string,
    check: (given: Given) => void,
    options: { skip?: boolean } = {},
  ) =>
    test(`${name} ${title}`, options, () => {
      const path = emptyFile();
      const opened: Connection[] = [];
      const connect = (readonly = false) => {
        const connection = driver.open(path, { readonly });
        opened.push(connection);
        return connection;
      };
      try {
        const db = connect();
        db.exec("pragma journal_mode = wal; pragma synchronous = normal");
        db.exec(
          "create table t (id integer primary key, a integer, r real, s text, b blob) strict",
        );
        check({ driver, path, connect, db });
      } finally {
        for (const connection of opened) connection.close();
      }
    });

  promise(
    "answers undefined where there is no row, and an empty list where there are none",
    ({ db }) => {
      const rows = db.prepare("select * from t");
      assert.equal(rows.get({}), undefined);
      assert.deepEqual(rows.all({}), []);
    },
  );

  promise("counts changes and tells the last id, as a number", ({ db }) => {
    const insert = db.prepare("insert into t (a) values ($a)");
    assert.deepEqual(insert.run({ a: 1 }), { changes: 1, lastId: 1 });
    assert.deepEqual(insert.run({ a: 2 }), { changes: 1, lastId: 2 });
    assert.equal(db.prepare("update t set a = a + 1").run({}).changes, 2);
    assert.equal(db.prepare("delete from t where a = 99").run({}).changes, 0);
  });

  promise("runs a question for its effect, and asks a command for rows in vain", ({ db }) => {
    db.prepare("select 1").run({});
    assert.equal(db.prepare("insert into t (a) values (1)").get({}), undefined);
    assert.deepEqual(db.prepare("insert into t (a) values (2)").all({}), []);
    assert.deepEqual(db.prepare("insert into t (a) values (3) returning a").all({}), [{ a: 3 }]);
    assert.deepEqual(db.prepare("select count(*) as n from t").get({}), { n: 3 });
    assert.deepEqual(db.prepare("pragma user_version").get({}), { user_version: 0 });
  });

  promise("binds whole numbers as integers and others as reals", ({ db }) => {
    const kind = db.prepare("select typeof($v) as kind, 'n' || $v as text, $v / 2 as half");
    const of = (v: Value) => Object.values(kind.get({ v }) as object);
    assert.deepEqual(of(5), ["integer", "n5", 2]);
    assert.deepEqual(of(-7), ["integer", "n-7", -3]);
    assert.deepEqual(of(1_795_378_586_847), ["integer", "n1795378586847", 897_689_293_423]);
    assert.deepEqual(of(true), ["integer", "n1", 0]);
    assert.deepEqual(of(false), ["integer", "n0", 0]);
    assert.deepEqual(of(2.5), ["real", "n2.5", 1.25]);
    assert.deepEqual(of(null), ["null", null, null]);
  });

  promise("keeps every value as it was", ({ db }) => {
    const put = db.prepare("insert into t (a, r, s, b) values ($a, $r, $s, $b)");
    const got = db.prepare("select a, r, s, b from t order by id desc limit 1");
    for (const row of [
      { a: Number.MAX_SAFE_INTEGER, r: 0.1, s: "grüße 🐝", b: Uint8Array.of(0, 255, 0, 1) },
      { a: Number.MIN_SAFE_INTEGER, r: -1e300, s: "a\0b", b: new Uint8Array() },
      { a: 0, r: 2, s: "", b: new Uint8Array([9, 8, 7, 6, 5]).subarray(1, 3) },
      { a: null, r: null, s: null, b: null },
    ]) {
      put.run(row);
      assert.deepEqual(got.get({}), row);
    }
  });

  promise("gives bytes back as plain arrays of their own", ({ db }) => {
    const one = db.prepare("select x'010203' as b");
    const { b } = one.get({}) as { b: Uint8Array };
    assert.equal(Object.getPrototypeOf(b), Uint8Array.prototype);
    b[0] = 9;
    const [again] = one.all({}) as { b: Uint8Array }[];
    assert.deepEqual(again!.b, Uint8Array.of(1, 2, 3));
    assert.equal(Object.getPrototypeOf(again!.b), Uint8Array.prototype);
  });

  promise("takes integers of 64 bits, and tells them to whoever asks for a table", ({ db }) => {
    const most = 2n ** 63n - 1n;
    db.prepare("insert into t (a, b) values ($most, $b)").run({ most, b: Uint8Array.of(7) });
    assert.deepEqual(db.table("select a, a as a, s, b, 0.5 from t"), {
      columns: ["a", "a", "s", "b", "0.5"],
      rows: [[most, most, null, Uint8Array.of(7), 0.5]],
    });
    assert.deepEqual(db.table("select a from t where 0"), { columns: ["a"], rows: [] });
  });

  promise("takes a missing parameter for the mistake it is", ({ db }) => {
    assert.throws(() => db.prepare("select $a, $b").get({ a: 1 }), /missing .*"b"/i);
    assert.throws(() => db.prepare("select $a").get({ A: 1 }), /missing/i);
    assert.throws(() => db.prepare("select ?").get({}));
  });

  promise("names the error by SQLite's own code, and the statement can be run again", ({ db }) => {
    const put = db.prepare("insert into t (id, a) values ($id, $a)");
    assert.throws(() => put.run({ id: 1, a: "x" }), { code: "SQLITE_CONSTRAINT_DATATYPE" });
    put.run({ id: 1, a: 1 });
    assert.throws(() => put.run({ id: 1, a: 1 }), { code: "SQLITE_CONSTRAINT_PRIMARYKEY" });
    put.run({ id: 2, a: 1 });
    assert.throws(() => db.prepare("select nothing"), { code: "SQLITE_ERROR" });
  });

  promise("does not make a file that is not there", ({ path }) => {
    for (const missing of [`${path}.missing`, join(path, "..", "nowhere", "bus.db")]) {
      const fault = faultOf(() => driver.open(missing, { readonly: false }));
      assert.ok(isSkepError(translateFault(fault, missing), "E_READONLY"), String(fault));
    }
    assert.deepEqual(readdirSync(dirname(path)).includes("bus.db.missing"), false);
  });

  promise("does not write when it only reads", ({ connect, path }) => {
    const fault = faultOf(() => connect(true).exec("delete from t"));
    assert.equal((fault as { code?: string }).code, "SQLITE_READONLY");
    assert.ok(isSkepError(translateFault(fault, path), "E_READONLY"));
  });

  promise("tells what is no database", ({ path }) => {
    const other = `${path}.other`;
    writeFileSync(other, "not a database, but long enough to be taken for one ".repeat(20));
    const db = driver.open(other, { readonly: false });
    const fault = faultOf(() => db.prepare("select * from sqlite_schema").all({}));
    assert.ok(isSkepError(translateFault(fault, other), "E_CORRUPT"), String(fault));
    db.close();
  });

  promise("is busy while another one writes", (given) => {
    const { db, connect, path } = given;
    const other = connect();
    other.exec("pragma busy_timeout = 50");
    db.prepare("begin immediate").run({});
    const fault = faultOf(() => other.prepare("begin immediate").run({}));
    assert.ok(isBusy(fault));
    assert.ok(isSkepError(translateFault(fault, path), "E_BUSY"));
    db.prepare("commit").run({});
    other.prepare("begin immediate").run({});
    other.prepare("rollback").run({});
  });

  promise("is busy when what it read has changed before it writes", ({ db, connect }) => {
    const other = connect();
    other.exec("begin");
    other.prepare("select * from t").all({});
    db.exec("insert into t (a) values (1)");
    const fault = faultOf(() => other.prepare("insert into t (a) values (2)").run({}));
    assert.equal((fault as { code?: string }).code, "SQLITE_BUSY_SNAPSHOT");
    assert.ok(isBusy(fault));
    other.exec("rollback");
  });

  promise("does not wait at all before it is told to", ({ db, connect }) => {
    const other = connect();
    assert.deepEqual(other.prepare("pragma busy_timeout").get({}), { timeout: 0 });
    db.exec("begin immediate");
    assert.ok(isBusy(faultOf(() => other.exec("begin immediate"))));
    db.exec("rollback");
  });

  promise(
    "holds no read open once a row was got: another connection can restart the log",
    (given) => {
      const { db, connect } = given;
      db.exec("insert into t (a) values (1), (2), (3)");
      db.prepare("select * from t").get({});
      assert.deepEqual(connect().prepare("pragma wal_checkpoint(truncate)").get({}), {
        busy: 0,
        log: 0,
        checkpointed: 0,
      });
    },
  );

  promise(
    "leaves no file open when it closes, whatever was prepared and half read",
    () => {
      // A file that nobody else has open: SQLite keeps a descriptor for as long as another connection has locks.
      const path = emptyFile();
      const db = driver.open(path, { readonly: false });
      db.exec("pragma journal_mode = wal; create table t (a integer) strict");
      db.exec("insert into t (a) values (1), (2), (3)");
      const rows = db.prepare("select * from t");
      rows.get({});
      db.prepare("begin").run({});
      db.prepare("select a from t where a > $a").get({ a: 1 });
      db.table("select * from t");
      assert.ok(openFiles(path).length > 0);
      db.close();
      assert.deepEqual(openFiles(path), []);
    },
    { skip: process.platform !== "linux" },
  );

  promise("refuses whoever uses it after it was closed", ({ path }) => {
    const db = driver.open(path, { readonly: false });
    const rows = db.prepare("select 1");
    db.close();
    assert.throws(() => rows.get({}));
    assert.throws(() => db.prepare("select 1"));
  });
}

function emptyFile(): string {
  const home = tempHome();
  mkdirSync(home);
  const path = join(home, "bus.db");
  writeFileSync(path, "");
  return path;
}

function faultOf(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  assert.fail("it did not throw");
}

function openFiles(path: string): string[] {
  return readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      const file = readlinkSync(`/proc/self/fd/${fd}`);
      return file.startsWith(path) ? [file] : [];
    } catch {
      return [];
    }
  });
}
