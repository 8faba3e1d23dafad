import { existsSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "bun:test";
import { systemClock } from "../../src/core/clock.ts";
import { SkepError } from "../../src/core/errors.ts";
import { type DisposableStore, disposableStore } from "../../src/store/disposable.ts";
import { vitalsFile } from "../../src/store/files.ts";
import { openStore } from "../../src/store/open.ts";
import { openHome, writeRow } from "../fixtures/store/home.ts";
import { emptyFile } from "../helpers/empty-file.ts";
import { tempHomes } from "../helpers/temp-home.ts";
import { testDriver } from "../helpers/test-driver.ts";

const tempHome = tempHomes();
const made: DisposableStore[] = [];

afterEach(async () => {
  await Promise.all(made.splice(0).map((one) => one.close()));
});

/** One whose file may go, and how often it was opened. */
function newDisposable() {
  const home = tempHome();
  const path = join(home, "bus.db");
  let opens = 0;
  let refusal: SkepError | undefined;
  const disposable = disposableStore(path, async () => {
    opens++;
    if (refusal !== undefined) throw refusal;
    return openHome(home);
  });
  made.push(disposable);
  return {
    ...disposable,
    home,
    path,
    opens: () => opens,
    refuse: (error: SkepError | undefined) => void (refusal = error),
    remove() {
      for (const end of ["", "-wal", "-shm"]) rmSync(`${path}${end}`, { force: true });
    },
    keys: async () =>
      (
        await (
          await disposable.store()
        ).read((tx) => tx.all<{ key: string }>("select key from meta order by key"))
      ).map(({ key }) => key),
  };
}

test("nothing is opened or made before it is asked for, and then once for all who ask", async () => {
  const one = newDisposable();
  expect([one.opens(), existsSync(one.home)]).toEqual([0, false]);
  const stores = await Promise.all([one.store(), one.store(), one.store()]);
  expect(new Set(stores).size).toBe(1);
  await writeRow(stores[0]!, "a");
  expect(await one.keys()).toEqual(["a"]);
  expect(one.opens()).toBe(1);
});

test("a file that was deleted is made again, and written where everybody sees it", async () => {
  const one = newDisposable();
  await writeRow(await one.store(), "before");
  one.remove();
  const stores = await Promise.all([one.store(), one.store()]);
  expect(stores[0]).toBe(stores[1]!);
  await writeRow(stores[0]!, "after");
  const other = await openHome(one.home);
  expect(await other.read((tx) => tx.all("select key from meta"))).toEqual([{ key: "after" }]);
  await other.close();
  expect(one.opens()).toBe(2);
});

test("one that somebody else put in its place is the one that is used", async () => {
  const one = newDisposable();
  const theirs = newDisposable();
  await writeRow(await theirs.store(), "theirs");
  await theirs.close();
  await writeRow(await one.store(), "before");
  one.remove();
  renameSync(theirs.path, one.path);
  expect(await one.keys()).toEqual(["theirs"]);
});

test("a file that was emptied is made again, and written where everybody sees it", async () => {
  const home = tempHome();
  const path = join(home, vitalsFile.name);
  const openVitals = () =>
    openStore({
      home,
      file: vitalsFile,
      driver: testDriver,
      clock: systemClock(),
      durability: "process",
      busyTimeoutMs: 2_000,
    });
  const one = disposableStore(path, openVitals);
  made.push(one);
  const insert = `insert into heartbeats (agent, at, tick, boot, status) values ($agent, 1, 1, 'b', 'healthy')`;
  const beat = async (agent: string) =>
    (await one.store()).write((tx) => tx.run(insert, { agent }));
  await beat("before");
  const before = await one.store();
  emptyFile(path);
  const stores = await Promise.all([one.store(), one.store()]);
  expect(stores[0]).toBe(stores[1]!);
  await beat("after");
  await expect(before.version()).rejects.toMatchObject({ code: "E_INTERNAL" });
  const other = await openVitals();
  expect(await other.read((tx) => tx.all("select agent from heartbeats"))).toEqual([
    { agent: "after" },
  ]);
  await other.close();
});

test("the store on a deleted file is closed", async () => {
  const one = newDisposable();
  const before = await one.store();
  one.remove();
  await one.store();
  await expect(writeRow(before, "unseen")).rejects.toMatchObject({ code: "E_INTERNAL" });
});

test("what cannot be opened is told to whoever asks, and tried again for the next", async () => {
  const one = newDisposable();
  const refusal = new SkepError("E_DISK", "full");
  one.refuse(refusal);
  for (let n = 0; n < 2; n++) await expect(one.store()).rejects.toBe(refusal);
  one.refuse(undefined);
  expect(await one.keys()).toEqual([]);
  one.remove();
  one.refuse(refusal);
  await expect(one.store()).rejects.toBe(refusal);
  await one.close();
});

test("closing what was never opened opens nothing", async () => {
  const one = newDisposable();
  await one.close();
  expect(one.opens()).toBe(0);
});
