import { copyFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "bun:test";
import { isSkepError } from "../../src/core/errors.ts";
import type { Store } from "../../src/store/store.ts";
import { openHome, writeRow } from "../fixtures/store/home.ts";
import { tempHomes } from "../helpers/temp-home.ts";
import { waitUntil } from "../helpers/wait-until.ts";

const newHome = tempHomes();
const opened: Store[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((store) => store.close()));
});

async function openNew(): Promise<{ store: Store; home: string }> {
  const home = newHome();
  const store = await openHome(home);
  opened.push(store);
  await writeRow(store, "first");
  return { store, home };
}

/** Writes until it is refused: the refusal. */
async function refusalOf(work: () => Promise<unknown>): Promise<Error> {
  let refusal: unknown;
  await waitUntil("it is refused", async () => {
    refusal = await work().then(
      () => undefined,
      (error: unknown) => error,
    );
    return refusal !== undefined;
  });
  return refusal as Error;
}

let rows = 0;
const ways: Record<string, (store: Store) => Promise<unknown>> = {
  "a write": (store) => writeRow(store, `row ${rows++}`),
  "a read": (store) => store.read((tx) => tx.get("select 1")),
  "a glance at the version": (store) => store.version(),
  "a question": (store) => store.query("select 1"),
  "a copy of the log": (store) => store.checkpoint(),
  "whoever looks after it": (store) => store.keep(),
};

const displacements: Record<string, (path: string) => void> = {
  deleted: (path) => rmSync(path),
  renamed: (path) => renameSync(path, `${path}.away`),
  replaced(path) {
    copyFileSync(join(path, "..", "write.lock"), `${path}.new`);
    renameSync(`${path}.new`, path);
  },
};

for (const [how, displace] of Object.entries(displacements))
  for (const name of ["bus.db", "bus.db-wal", "bus.db-shm"])
    test(`a ${name} that is ${how} is noticed by whatever is done next, and by all that follows`, async () => {
      const { store, home } = await openNew();
      displace(join(home, name));
      for (const [way, work] of Object.entries(ways)) {
        const refusal = await refusalOf(() => work(store));
        expect([way, isSkepError(refusal, "E_CORRUPT")]).toEqual([way, true]);
        expect(refusal.message).toStartWith(`${join(home, name)} was `);
        expect(refusal.message).toEndWith(" while it was in use");
      }
      // Not now and then: no write gets through once it was noticed.
      for (let n = 0; n < 50; n++)
        await expect(writeRow(store, `late ${n}`)).rejects.toMatchObject({ code: "E_CORRUPT" });
    });

test("a directory that is renamed is noticed as well", async () => {
  const { store, home } = await openNew();
  renameSync(home, `${home}-away`);
  expect(await refusalOf(() => store.keep())).toMatchObject({ code: "E_CORRUPT" });
});

test("what is put back is used again", async () => {
  const { store, home } = await openNew();
  const path = join(home, "bus.db");
  renameSync(path, `${path}.away`);
  await refusalOf(() => store.keep());
  renameSync(`${path}.away`, path);
  await writeRow(store, "again");
  expect(await store.read((tx) => tx.all("select key from meta where key != 'boot'"))).toEqual([
    { key: "again" },
    { key: "first" },
  ]);
});
