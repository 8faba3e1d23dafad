import { join } from "node:path";
import { afterEach, expect, test } from "bun:test";
import { systemClock } from "../../src/core/clock.ts";
import { openStore } from "../../src/store/open.ts";
import type { Store, WriteOptions, WriteTx } from "../../src/store/store.ts";
import { tempHomes } from "../helpers/temp-home.ts";
import { testDriver } from "../helpers/test-driver.ts";

const tempHome = tempHomes();
const opened: Store[] = [];
let asked = 0;

afterEach(async () => {
  await Promise.all(opened.splice(0).map((store) => store.close()));
});

async function newStore(durability: "process" | "power" = "process", busyTimeoutMs = 5_000) {
  const home = tempHome();
  const options = { home, driver: testDriver, clock: systemClock(), durability, busyTimeoutMs };
  const store = await openStore(options);
  opened.push(store);
  return { home, store };
}

/** Whether the commit of this transaction waits for the disk. Asked anew each time: SQLite answers when it prepares the question. */
async function waits(tx: WriteTx): Promise<boolean> {
  const row = await tx.get<{ synchronous: number }>(`pragma synchronous -- ${asked++}`);
  return row!.synchronous === 2;
}

const write = (store: Store, options: WriteOptions = {}) => store.write(waits, options);

test("a write waits for the disk when it is told to, each time, and the others do not", async () => {
  const { store } = await newStore();
  const answers = [false, true, false, true, true, false].map((durable) =>
    write(store, { durable }),
  );
  expect(await Promise.all(answers)).toEqual([false, true, false, true, true, false]);
  expect(await write(store)).toBe(false);
});

test("where every write waits for the disk, the one that is told to changes nothing", async () => {
  const { store } = await newStore("power");
  for (const durable of [true, false]) expect(await write(store, { durable })).toBe(true);
});

test("after one that failed the next does not wait", async () => {
  const { store } = await newStore();
  const failing = store.write(
    async (tx) => {
      expect(await waits(tx)).toBe(true);
      await tx.run("insert into meta values ('a', '')");
      throw new Error("changed my mind");
    },
    { durable: true },
  );
  await expect(failing).rejects.toThrow("changed my mind");
  expect(await write(store)).toBe(false);
});

test("nor does it after one that never got the lock", async () => {
  const { home, store } = await newStore();
  const other = testDriver.open(join(home, "bus.db"), { readonly: false });
  other.exec("begin immediate");
  const locked = write(store, { durable: true, timeoutMs: 50 });
  await expect(locked).rejects.toMatchObject({ code: "E_BUSY" });
  other.exec("rollback");
  other.close();
  expect(await write(store)).toBe(false);
  expect(await write(store, { durable: true })).toBe(true);
});
