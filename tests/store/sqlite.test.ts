import { Database } from "bun:sqlite";
import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { systemClock } from "../../src/core/clock.ts";
import { bunDriver } from "../../src/store/driver-bun.ts";
import { openStore } from "../../src/store/open.ts";
import type { Params, ReadTx, Store, WriteTx } from "../../src/store/store.ts";
import { openHome, writeRow } from "../fixtures/store/home.ts";
import { tempHomes } from "../helpers/temp-home.ts";
import { openFilesIn } from "./open-files.ts";
import { programs } from "./start-program.ts";

// Processes start slowly on a busy machine.
setDefaultTimeout(240_000);

const tempHome = tempHomes();
const start = programs();
const opened: Store[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((store) => store.close()));
});

async function newStore(home = tempHome()): Promise<{ home: string; store: Store }> {
  const store = await openHome(home);
  opened.push(store);
  return { home, store };
}

const put = (tx: WriteTx, key: string) => tx.run("insert into meta values ($key, '')", { key });
const keys = async (tx: ReadTx) =>
  (await tx.all<{ key: string }>("select key from meta order by key")).map(({ key }) => key);
const bug = (says: RegExp) =>
  expect.objectContaining({ code: "E_INTERNAL", message: expect.stringMatching(says) });
const nap = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

describe("a write", () => {
  test("is there for everybody once it resolves, and answers what its function answered", async () => {
    const { home, store } = await newStore();
    const answer = await store.write(async (tx) => {
      const { changes } = await put(tx, "a");
      expect(await keys(tx)).toEqual(["a"]);
      return changes;
    });
    expect(answer).toBe(1);
    const other = new Database(join(home, "bus.db"), { readonly: true });
    expect(other.query("select key from meta").all()).toEqual([{ key: "a" }]);
    other.close(true);
  });

  test.each([
    ["its function throws", () => Promise.reject(new Error("changed my mind"))],
    ["a statement fails", (tx: WriteTx) => put(tx, "a")],
    ["a statement is nonsense", (tx: WriteTx) => tx.run("insert into nowhere values (1)")],
    ["a parameter is missing", (tx: WriteTx) => tx.run("delete from meta where key = $key", {})],
  ])("leaves nothing behind when %s, and the next one works", async (_, goesWrong) => {
    const { store } = await newStore();
    const write = store.write(async (tx) => {
      await put(tx, "a");
      await goesWrong(tx);
    });
    await expect(write).rejects.toThrow();
    expect(await store.read(keys)).toEqual([]);
    await store.write((tx) => put(tx, "b"));
    expect(await store.read(keys)).toEqual(["b"]);
  });

  test("leaves nothing behind when it is the commit that fails", async () => {
    const { store } = await newStore();
    const write = store.write(async (tx) => {
      await tx.run("create table a (id integer primary key) strict");
      await tx.run("create table b (a integer references a deferrable initially deferred) strict");
      await tx.run("insert into b values (1)");
    });
    await expect(write).rejects.toThrow(/FOREIGN KEY/);
    await store.write((tx) => put(tx, "b"));
    expect(
      await store.read((tx) => tx.all("select name from sqlite_schema where name = 'b'")),
    ).toEqual([]);
  });

  test("takes its turn behind the others of its process, in the order they were asked for", async () => {
    const { store } = await newStore();
    const order: number[] = [];
    const writes = Array.from({ length: 50 }, (_, n) =>
      store.write(async (tx) => {
        order.push(n);
        await put(tx, `${n}`);
        if (n === 20) throw new Error("one that fails holds up nobody");
        order.push(n);
      }),
    );
    const outcomes = await Promise.allSettled(writes);
    expect(outcomes.filter(({ status }) => status === "rejected").length).toBe(1);
    const expected = Array.from({ length: 50 }, (_, n) => (n === 20 ? [n] : [n, n])).flat();
    expect(order).toEqual(expected);
    expect((await store.read(keys)).length).toBe(49);
  });

  test.each([
    ["undefined", undefined],
    ["NaN", Number.NaN],
    ["a bigint too large", 2n ** 64n],
  ])("and a read refuse to bind %s instead of storing something else", async (_, value) => {
    const { store } = await newStore();
    const params = { key: "a", value } as Params;
    const insert = (tx: WriteTx) => tx.run("insert into meta values ($key, $value)", params);
    await expect(store.write(insert)).rejects.toThrow(bug(/value cannot be bound/));
    for (const how of ["get", "all"] as const)
      await expect(store.read((tx) => tx[how]("select $value", params))).rejects.toThrow(
        bug(/value cannot be bound/),
      );
  });

  test("has one time for all of it, in both clocks", async () => {
    const home = tempHome();
    let tick = 5_000;
    const clock = { ...systemClock(), now: () => tick * 10, tick: () => tick++ };
    const store = await openStore({
      home,
      driver: bunDriver,
      clock,
      durability: "process",
      busyTimeoutMs: 1_000,
    });
    opened.push(store);
    const times = await store.write(async (tx) => {
      const before = [tx.now, tx.tick];
      await put(tx, "a");
      return [before, [tx.now, tx.tick]];
    });
    expect(times[0]).toEqual(times[1]!);
    expect(times[0]![1]).toBeGreaterThanOrEqual(5_000);
  });
});

describe("what is to happen after a commit", () => {
  test("happens then, in order, and before the write resolves", async () => {
    const { home, store } = await newStore();
    const other = new Database(join(home, "bus.db"), { readonly: true });
    const seen: unknown[] = [];
    const rows = () => other.query("select count(*) as rows from meta").get();
    await store.write(async (tx) => {
      tx.after(() => seen.push(["first", rows()]));
      await put(tx, "a");
      tx.after(() => seen.push(["second", rows()]));
      expect(rows()).toEqual({ rows: 0 });
    });
    expect(seen).toEqual([
      ["first", { rows: 1 }],
      ["second", { rows: 1 }],
    ]);
    other.close(true);
  });

  test("is forgotten when the write fails", async () => {
    const { store } = await newStore();
    let happened = false;
    const write = store.write(async (tx) => {
      tx.after(() => (happened = true));
      await put(tx, "a");
      throw new Error("changed my mind");
    });
    await expect(write).rejects.toThrow("changed my mind");
    await store.write((tx) => put(tx, "b"));
    expect(happened).toBe(false);
  });

  test("may fail without making the commit look failed, and is heard of all the same", async () => {
    const program = start("break-a-hook.ts", [tempHome()]);
    expect(await program.ended).toBe(1);
    expect(program.said()).toBe("the other hook ran\nthe write resolved\n");
  });
});

describe("a read", () => {
  test("does not see an open write, and sees it once it is committed", async () => {
    const { store } = await newStore();
    let during: Promise<string[]> | undefined;
    await store.write(async (tx) => {
      await put(tx, "a");
      expect(await store.read(keys)).toEqual([]);
      during = store.read(keys);
    });
    await during;
    expect(await store.read(keys)).toEqual(["a"]);
  });

  test("sees one commit from beginning to end, whatever others write meanwhile", async () => {
    const { home, store } = await newStore();
    await writeRow(store, "a");
    const other = new Database(join(home, "bus.db"), { readwrite: true, create: false });
    await store.read(async (tx) => {
      expect(await keys(tx)).toEqual(["a"]);
      other.run("insert into meta values ('b', '')");
      expect(await keys(tx)).toEqual(["a"]);
    });
    expect(await store.read(keys)).toEqual(["a", "b"]);
    other.close(true);
  });

  test("cannot write", async () => {
    const { store } = await newStore();
    const write = (tx: ReadTx) => tx.all("insert into meta values ('a', '') returning key");
    await expect(store.read(write)).rejects.toThrow(bug(/may only select/));
    // One that meets a write has a connection of its own.
    await store.write(async () => expect(store.read(write)).rejects.toThrow(bug(/only select/)));
    expect(await store.read(keys)).toEqual([]);
  });

  test("that fails leaves nothing open for the next", async () => {
    const { store } = await newStore();
    await expect(store.read((tx) => tx.get("select nonsense from meta"))).rejects.toThrow(
      /no such column/,
    );
    await expect(store.read(() => nap(30))).rejects.toThrow(bug(/awaited something other/));
    expect(await store.read(keys)).toEqual([]);
  });
});

describe("a store", () => {
  test.skipIf(process.platform !== "linux")(
    "that is closed has no file open, and has taken its log with it",
    async () => {
      const { home, store } = await newStore();
      await store.write(async (tx) => void (await tx.get("select * from sqlite_schema")));
      await writeRow(store, "a");
      await store.read(keys);
      expect(openFilesIn(home).length).toBeGreaterThan(3);
      await store.close();
      expect(openFilesIn(home)).toEqual([]);
      expect(readdirSync(home).toSorted()).toEqual(["bus.db", "write.lock"]);
    },
  );

  test("that is closed finishes what was asked before, refuses what is asked after, and may be closed again", async () => {
    const { home, store } = await newStore();
    const asked = store.write((tx) => put(tx, "asked"));
    const closing = store.close();
    await expect(store.write((tx) => put(tx, "late"))).rejects.toThrow(bug(/closed/));
    await expect(store.read(keys)).rejects.toThrow(bug(/closed/));
    await expect(store.checkpoint()).rejects.toThrow(bug(/closed/));
    await asked;
    await closing;
    await store.close();
    const { store: again } = await newStore(home);
    expect(await again.read(keys)).toEqual(["asked"]);
  });

  test("copies its log into the database on request, also while it writes", async () => {
    const { home, store } = await newStore();
    let meanwhile: Promise<void> | undefined;
    await store.write(async (tx) => {
      await put(tx, "a");
      meanwhile = store.checkpoint();
      await put(tx, "b");
    });
    await meanwhile;
    // A copy without the log. Not made by this process: reading the file here would drop SQLite's locks on it.
    const copy = join(dirname(home), "copy.db");
    Bun.spawnSync(["cp", join(home, "bus.db"), copy]);
    const file = new Database(copy, { readwrite: true, create: false });
    expect(file.query("select count(*) as rows from meta").get()).toEqual({ rows: 2 });
    file.close(true);
  });

  test("has a new version after every commit, its own or another's, and the same one otherwise", async () => {
    const { home, store } = await newStore();
    const { store: other } = await newStore(home);
    const first = await store.version();
    expect(await store.version()).toBe(first);
    await store.read(keys);
    expect(await store.version()).toBe(first);
    await store.write((tx) => put(tx, "own"));
    const second = await store.version();
    expect(second).not.toBe(first);
    await other.write((tx) => put(tx, "another's"));
    const third = await store.version();
    expect(third).not.toBe(second);
    await store.write(() => Promise.reject(new Error("changed my mind"))).catch(() => {});
    expect(await store.version()).toBe(third);
  });
});
