import { Database } from "bun:sqlite";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { applicationId } from "../../src/store/migrate.ts";
import { migrations } from "../../src/store/migrations.ts";
import { openWriterQueue } from "../../src/store/writer-queue.ts";
import { openHome, writeRow } from "../fixtures/store/home.ts";
import { lacks } from "../helpers/programs.ts";
import { tempHomes } from "../helpers/temp-home.ts";
import { openFilesIn } from "./open-files.ts";
import { programs } from "./start-program.ts";

// Processes start slowly on a busy machine.
setDefaultTimeout(240_000);

const tempHome = tempHomes();
const start = programs();
const schema = migrations.length;

const fails = (code: string) => expect.objectContaining({ code });

/** A home with one row in it, at rest. */
async function oldHome(): Promise<string> {
  const home = tempHome();
  const store = await openHome(home);
  await writeRow(store, "old");
  await store.close();
  return home;
}

function look(home: string): Database {
  return new Database(join(home, "bus.db"), { readwrite: true, create: false });
}

describe("a new home", () => {
  test.each([0o000, 0o022, 0o077])(
    "and every file in it are ours alone under a umask of %o",
    async (mask) => {
      const home = tempHome();
      const before = process.umask(mask);
      try {
        const store = await openHome(home);
        await writeRow(store, "a");
        await store.read((tx) => tx.all("select * from meta"));
        expect(lstatSync(home).mode & 0o777).toBe(0o700);
        const modes = readdirSync(home).map(
          (name) => `${name} ${(lstatSync(join(home, name)).mode & 0o777).toString(8)}`,
        );
        expect(modes.toSorted()).toEqual([
          "bus.db 600",
          "bus.db-shm 600",
          "bus.db-wal 600",
          "write.lock 600",
        ]);
        await store.close();
      } finally {
        process.umask(before);
      }
    },
  );

  test("has the whole schema, our mark, the log of writes, and gives space back", async () => {
    const db = look(await oldHome());
    expect(
      db
        .query(
          `select a.application_id, v.user_version, j.journal_mode, p.page_size, s.auto_vacuum
             from pragma_application_id a, pragma_user_version v, pragma_journal_mode j,
                  pragma_page_size p, pragma_auto_vacuum s`,
        )
        .get(),
    ).toEqual({
      application_id: applicationId,
      user_version: schema,
      journal_mode: "wal",
      page_size: 2048,
      auto_vacuum: 2,
    });
    db.close(true);
  });

  test("is opened by a hundred processes at once, and all of them get to write", async () => {
    const home = tempHome();
    const agents = Array.from({ length: 100 }, (_, n) =>
      start("write-row.ts", [home, `row ${n}`, "300000"]),
    );
    await Promise.all(agents.map((agent) => agent.says("ready", 300_000)));
    for (const agent of agents) agent.go();
    await Promise.all(agents.map((agent) => agent.ended));
    expect(agents.flatMap((agent) => agent.values())).toEqual(agents.map(() => ({ code: "done" })));
    const db = look(home);
    expect(db.query("select count(*) as rows from meta").get()).toEqual({ rows: 100 });
    expect(db.query("select integrity_check as answer from pragma_integrity_check").get()).toEqual({
      answer: "ok",
    });
    db.close(true);
  }, 600_000);

  test("whose first opener is killed at any step is whole for the next one", async () => {
    let steps = 0;
    for (let opened = false; !opened;) {
      const home = tempHome();
      const mortal = start("die-at-step.ts", [home, String(++steps)]);
      await mortal.ended;
      opened = mortal.said().includes("opened");
      const db = look(home);
      const { user_version: version } = db.query("pragma user_version").get() as {
        user_version: number;
      };
      const { tables } = db.query("select count(*) as tables from sqlite_schema").get() as {
        tables: number;
      };
      expect(version === 0 ? tables === 0 : version === schema && tables > 5).toBe(true);
      db.close(true);
      const store = await openHome(home);
      await writeRow(store, "after");
      expect(await store.read((tx) => tx.get("select * from pragma_auto_vacuum"))).toEqual({
        auto_vacuum: 2,
      });
      await store.close();
    }
    expect(steps).toBeGreaterThan(15);
    // Each step is a process, one after the other.
  }, 600_000);

  test("that somebody else is just making is waited for, until the time is over", async () => {
    const home = tempHome();
    mkdirSync(home, { mode: 0o700 });
    const other = new Database(join(home, "bus.db"), { create: true });
    other.run("begin exclusive");
    await expect(openHome(home, 300)).rejects.toThrow(fails("E_BUSY"));
    setTimeout(() => other.run("rollback"), 300);
    const store = await openHome(home);
    await writeRow(store, "mine");
    await store.close();
    other.close(true);
  });

  test("is not made while somebody else may be taking away what lies in its place", async () => {
    const home = await oldHome();
    const [path, lock] = [join(home, "bus.db"), join(home, "write.lock")];
    rmSync(path);
    writeFileSync(`${path}-wal`, "left over");
    const other = openWriterQueue(lock);
    await other.enter(Number.POSITIVE_INFINITY);
    await expect(openHome(home, 100)).rejects.toThrow(fails("E_BUSY"));
    expect([existsSync(path), readFileSync(`${path}-wal`, "utf8")]).toEqual([false, "left over"]);
    other.close();
    const store = await openHome(home);
    await writeRow(store, "mine");
    await store.close();
  });

  test("below a file cannot be, and the error says so", async () => {
    const home = tempHome();
    writeFileSync(home, "");
    await expect(openHome(home)).rejects.toThrow(fails("E_HOME"));
    await expect(openHome(join(home, "below"))).rejects.toThrow(fails("E_HOME"));
  });
});

describe("a home that is there", () => {
  test("keeps what is in it", async () => {
    const home = await oldHome();
    const store = await openHome(home);
    expect(await store.read((tx) => tx.get("select key from meta"))).toEqual({ key: "old" });
    await store.close();
  });

  test("is put back into write-ahead mode when somebody took it out", async () => {
    const home = await oldHome();
    const db = look(home);
    db.run("pragma journal_mode = delete");
    db.close(true);
    const store = await openHome(home);
    expect(await store.read((tx) => tx.get("select * from pragma_journal_mode"))).toEqual({
      journal_mode: "wal",
    });
    await store.close();
  });

  test("whose database was deleted while somebody has it open gets one with a log of its own", async () => {
    const home = await oldHome();
    const old = await openHome(home);
    await writeRow(old, "seen by nobody");
    const path = join(home, "bus.db");
    rmSync(path);
    const store = await openHome(home);
    await writeRow(store, "new");
    const keys = await store.read((tx) => tx.all("select key from meta"));
    expect(keys).toEqual([{ key: "new" }]);
    await expect(old.keep()).rejects.toMatchObject({ code: "E_CORRUPT" });
    await old.close();
    expect(await store.read((tx) => tx.all("select key from meta"))).toEqual(keys);
    await store.close();
  });

  test("with a file of no bytes for a database gets one", async () => {
    const home = await oldHome();
    truncateSync(join(home, "bus.db"), 0);
    const store = await openHome(home);
    await writeRow(store, "new");
    await store.close();
  });

  test.each([
    ["a text", (path: string) => writeFileSync(path, "Dear diary, ".repeat(500))],
    ["a few bytes", (path: string) => writeFileSync(path, "SQLite")],
    ["zeros", (path: string) => writeFileSync(path, new Uint8Array(8192))],
    ["half a page of a database", (path: string) => truncateSync(path, 2048)],
    ["a database cut off after its first page", (path: string) => truncateSync(path, 4096)],
  ])("but whose database is %s is told apart and left as it is", async (_, spoil) => {
    const home = await oldHome();
    const path = join(home, "bus.db");
    spoil(path);
    const before = readFileSync(path);
    const use = async () => {
      const store = await openHome(home);
      try {
        await store.read((tx) => tx.all("select * from inboxes"));
        await writeRow(store, "x");
      } finally {
        await store.close();
      }
    };
    await expect(use()).rejects.toThrow(
      expect.objectContaining({
        code: "E_CORRUPT",
        message: expect.stringContaining(path),
        hint: expect.stringMatching(/./),
      }),
    );
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  test("but whose database is another application's is refused and left as it is", async () => {
    const home = tempHome();
    mkdirSync(home, { mode: 0o700 });
    const other = new Database(join(home, "bus.db"), { create: true });
    other.run("create table passengers (name text)");
    other.close(true);
    const before = readFileSync(join(home, "bus.db"));
    await expect(openHome(home)).rejects.toThrow(fails("E_CORRUPT"));
    expect(readFileSync(join(home, "bus.db")).equals(before)).toBe(true);
  });

  test("but whose database is of a newer skep is refused and left as it is", async () => {
    const home = await oldHome();
    const db = look(home);
    db.run(`pragma user_version = ${schema + 1}`);
    db.close(true);
    const before = readFileSync(join(home, "bus.db"));
    await expect(openHome(home)).rejects.toThrow(
      expect.objectContaining({ code: "E_SCHEMA", hint: expect.stringContaining("newer skep") }),
    );
    expect(readFileSync(join(home, "bus.db")).equals(before)).toBe(true);
  });

  test.skipIf(process.platform !== "linux")("leaves nothing open when it is refused", async () => {
    const [spoilt, newer] = [await oldHome(), await oldHome()];
    writeFileSync(join(spoilt, "bus.db"), "Dear diary, ".repeat(500));
    const db = look(newer);
    db.run(`pragma user_version = ${schema + 1}`);
    db.close(true);
    await expect(openHome(spoilt)).rejects.toThrow(fails("E_CORRUPT"));
    await expect(openHome(newer)).rejects.toThrow(fails("E_SCHEMA"));
    expect([...openFilesIn(spoilt), ...openFilesIn(newer)]).toEqual([]);
  });

  test.skipIf(lacks("sqlite3"))(
    "can be read by other people's sqlite3 while it is in use (wants sqlite3)",
    async () => {
      const home = tempHome();
      const store = await openHome(home);
      await writeRow(store, "seen");
      const command = ["sqlite3", "-readonly", join(home, "bus.db"), "select key from meta"];
      expect(Bun.spawnSync(command).stdout.toString()).toBe("seen\n");
      await store.close();
    },
  );
});
