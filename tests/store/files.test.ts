// The second database of a home: apart from the first, and made again whatever became of it.
import { Database } from "bun:sqlite";
import {
  lstatSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { systemClock } from "../../src/core/clock.ts";
import { vitalsFile } from "../../src/store/files.ts";
import { openStore } from "../../src/store/open.ts";
import type { Store } from "../../src/store/store.ts";
import { openHome, writeRow } from "../fixtures/store/home.ts";
import { emptyFile } from "../helpers/empty-file.ts";
import { tempHomes } from "../helpers/temp-home.ts";
import { testDriver } from "../helpers/test-driver.ts";
import { programs } from "./start-program.ts";

// Processes start slowly on a busy machine.
setDefaultTimeout(240_000);

const tempHome = tempHomes();
const start = programs();
const opened: Store[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((store) => store.close()));
});

async function openVitals(home: string): Promise<Store> {
  const store = await openStore({
    home,
    file: vitalsFile,
    driver: testDriver,
    clock: systemClock(),
    durability: "process",
    busyTimeoutMs: 10_000,
  });
  opened.push(store);
  return store;
}

const insert = `insert into heartbeats (agent, at, tick, boot, status) values ($agent, 1, 1, 'b', 'healthy')`;
const beat = (store: Store, agent: string) => store.write((tx) => tx.run(insert, { agent }));
const agentsIn = async (store: Store) =>
  (
    await store.read((tx) =>
      tx.all<{ agent: string }>("select agent from heartbeats order by agent"),
    )
  ).map(({ agent }) => agent);

const filesOf = (home: string) =>
  readdirSync(home)
    .map((name) => `${name} ${(lstatSync(join(home, name)).mode & 0o777).toString(8)}`)
    .sort();

/** A home with a sign of life in it, at rest. */
async function oldHome(): Promise<{ home: string; path: string }> {
  const home = tempHome();
  const store = await openVitals(home);
  await beat(store, "old");
  await store.close();
  return { home, path: join(home, "vitals.db") };
}

describe("vitals.db", () => {
  test("has files, a lock and a schema of its own, for nobody else's eyes", async () => {
    const home = tempHome();
    const store = await openVitals(home);
    await beat(store, "a");
    const files = ["vitals.db", "vitals.db-shm", "vitals.db-wal", "vitals.lock"];
    expect(filesOf(home)).toEqual(files.map((name) => `${name} 600`));
    const tables = `select name from sqlite_schema where type = 'table' and name not like 'sqlite%' order by name`;
    const names = [
      "alerts",
      "heartbeats",
      "looks",
      "notices",
      "points",
      "rollups",
      "series",
      "silences",
    ];
    expect(await store.read((tx) => tx.all(tables))).toEqual(names.map((name) => ({ name })));
  });

  test("is written while somebody keeps the lock of the messages", async () => {
    const home = tempHome();
    const bus = await openHome(home);
    opened.push(bus);
    const holder = new Database(join(home, "bus.db"));
    holder.run("begin immediate");
    await beat(await openVitals(home), "a");
    await expect(bus.write(async () => {}, { timeoutMs: 50 })).rejects.toMatchObject({
      code: "E_BUSY",
    });
    holder.run("rollback");
    holder.close();
    await writeRow(bus, "afterwards");
  });

  test("is refused where a link lies in its place, which leads nowhere else", async () => {
    const { home, path } = await oldHome();
    rmSync(path);
    symlinkSync(join(home, "elsewhere.db"), path);
    await expect(openVitals(home)).rejects.toMatchObject({ code: "E_HOME" });
    expect(filesOf(home).some((file) => file.startsWith("elsewhere"))).toBe(false);
  });

  test("is made again when it is gone, by many at once too", async () => {
    const { home, path } = await oldHome();
    rmSync(path);
    writeFileSync(`${path}-wal`, "left over");
    writeFileSync(`${path}-shm`, "left over");
    const agents = Array.from({ length: 20 }, (_, n) => start("write-beat.ts", [home, `a${n}`]));
    await Promise.all(agents.map((agent) => agent.says("ready")));
    for (const agent of agents) agent.go();
    await Promise.all(agents.map((agent) => agent.ended));
    expect(agents.flatMap((agent) => agent.values())).toEqual(agents.map(() => ({ code: "done" })));
    expect(await agentsIn(await openVitals(home))).toHaveLength(20);
  });

  test("is made again while somebody still has the deleted one open, and neither upsets the other", async () => {
    const { home, path } = await oldHome();
    const before = await openVitals(home);
    for (let n = 0; n < 50; n++) await beat(before, `before-${n}`);
    rmSync(path);
    const after = await openVitals(home);
    expect(await agentsIn(after)).toEqual([]);
    await beat(before, "unseen");
    await beat(after, "seen");
    await before.close();
    await beat(after, "seen too");
    expect(await agentsIn(after)).toEqual(["seen", "seen too"]);
    const check = "select integrity_check as answer from pragma_integrity_check";
    expect(await after.read((tx) => tx.get(check))).toEqual({ answer: "ok" });
    const other = await openVitals(home);
    expect(await agentsIn(other)).toEqual(["seen", "seen too"]);
  });

  test("is made again when it was emptied while somebody has it open, by many at once too", async () => {
    const { home, path } = await oldHome();
    const before = await openVitals(home);
    for (let n = 0; n < 50; n++) await beat(before, `before-${n}`);
    emptyFile(path);
    const agents = Array.from({ length: 20 }, (_, n) => start("write-beat.ts", [home, `a${n}`]));
    await Promise.all(agents.map((agent) => agent.says("ready")));
    for (const agent of agents) agent.go();
    await Promise.all(agents.map((agent) => agent.ended));
    expect(agents.flatMap((agent) => agent.values())).toEqual(agents.map(() => ({ code: "done" })));
    const after = await openVitals(home);
    await before.close();
    expect(await agentsIn(after)).toHaveLength(20);
    const check = "select integrity_check as answer from pragma_integrity_check";
    expect(await after.read((tx) => tx.get(check))).toEqual({ answer: "ok" });
  });

  test.each([
    ["no bytes", (path: string) => truncateSync(path, 0)],
    ["a database that nobody ever filled", (path: string) => emptyDatabase(path)],
  ])("with %s in it gets its schema", async (_, spoil) => {
    const { home, path } = await oldHome();
    spoil(path);
    const store = await openVitals(home);
    await beat(store, "new");
    expect(await agentsIn(store)).toEqual(["new"]);
  });

  test.each([
    ["is no database", "E_CORRUPT", (path: string) => writeFileSync(path, "x".repeat(5_000))],
    ["was cut off", "E_CORRUPT", (path: string) => truncateSync(path, 2_048)],
    ["is another application's", "E_CORRUPT", (path: string) => alter(path, "application_id = 7")],
    ["is a newer skep's", "E_SCHEMA", (path: string) => alter(path, "user_version = 99")],
  ])("that %s is left as it is, with the advice to delete it", async (_, code, spoil) => {
    const { home, path } = await oldHome();
    spoil(path);
    const before = readFileSync(path);
    const use = async () => agentsIn(await openVitals(home));
    await expect(use()).rejects.toMatchObject({
      code,
      message: expect.stringContaining(path),
      hint: "Nothing is lost with it: delete it, its -wal and its -shm file, and it is made again.",
    });
    expect(readFileSync(path).equals(before)).toBe(true);
    rmSync(path);
    expect(await agentsIn(await openVitals(home))).toEqual([]);
  });
});

function emptyDatabase(path: string): void {
  rmSync(path);
  new Database(path, { create: true }).close();
}

function alter(path: string, pragma: string): void {
  const db = new Database(path, { readwrite: true, create: false });
  db.run(`pragma ${pragma}`);
  db.close(true);
}
