import { afterEach, expect, test } from "bun:test";
import { statSync } from "node:fs";
import { join } from "node:path";
import { hasSpareSpace, pagesAtOnce } from "../../src/store/spare-space.ts";
import type { Store } from "../../src/store/store.ts";
import { openHome } from "../fixtures/store/home.ts";
import { tempHomes } from "../helpers/temp-home.ts";

const tempHome = tempHomes();
const opened: Store[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((store) => store.close()));
});

async function storeWith(pages: number): Promise<{ home: string; store: Store }> {
  const home = tempHome();
  const store = await openHome(home);
  opened.push(store);
  const value = "x".repeat(pages * 2_000);
  await store.write((tx) => tx.run("insert into meta values ('filler', $value)", { value }));
  return { home, store };
}

const pagesOf = async (store: Store) =>
  (await store.read((tx) =>
    tx.get<{ pages: number }>("select page_count as pages from pragma_page_count"),
  ))!.pages;

const empty = (store: Store) =>
  store.write((tx) => tx.run("delete from meta where key = 'filler'"));

test("a file that is full has nothing to give back, and is not written to", async () => {
  const { store } = await storeWith(3_000);
  const version = await store.version();
  expect(await store.shrink()).toBe(false);
  expect(await store.version()).toBe(version);
});

test("a little space is kept for what comes next", async () => {
  const { store } = await storeWith(1_000);
  await empty(store);
  expect(await store.read(hasSpareSpace)).toBe(false);
  expect(await store.shrink()).toBe(false);
});

test("much of it is given back bit by bit, until a quarter of the file is free or little is left", async () => {
  const { home, store } = await storeWith(3_000);
  await empty(store);
  const before = await pagesOf(store);
  expect(await store.shrink()).toBe(true);
  // A page more when one of those that SQLite keeps for itself goes with them.
  const given = before - (await pagesOf(store));
  expect([pagesAtOnce, pagesAtOnce + 1]).toContain(given);
  let turns = 1;
  while (await store.shrink()) turns++;
  expect(turns).toBeGreaterThan(5);
  expect(await pagesOf(store)).toBeLessThan(1_024 + 200);
  await store.checkpoint();
  expect(statSync(join(home, "bus.db")).size).toBeLessThan(1_224 * 2_048);
  await store.write((tx) => tx.run("insert into meta values ('next', '')"));
});

test("a store that is closed gives nothing back", async () => {
  const { store } = await storeWith(1);
  await store.close();
  await expect(store.shrink()).rejects.toMatchObject({ code: "E_INTERNAL" });
});
