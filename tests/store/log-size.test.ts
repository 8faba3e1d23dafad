import { join } from "node:path";
import { afterEach, expect, setDefaultTimeout, test } from "bun:test";
import { systemClock } from "../../src/core/clock.ts";
import { logBytes, logBytesMax, usualLogBytes } from "../../src/store/log-size.ts";
import { openStore } from "../../src/store/open.ts";
import type { Store } from "../../src/store/store.ts";
import { lacks } from "../helpers/programs.ts";
import { tempHomes } from "../helpers/temp-home.ts";
import { testDriver } from "../helpers/test-driver.ts";
import { waitUntil } from "../helpers/wait-until.ts";

// A log has to be filled, on a machine that may be busy.
setDefaultTimeout(240_000);

const newHome = tempHomes();
const ends: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

// Smaller than the usual one, so that a test fills it soon.
const bytesMax = 2 * 1024 * 1024;

async function openNew(logBytesMax = bytesMax): Promise<{ store: Store; path: string }> {
  const options = { driver: testDriver, clock: systemClock(), durability: "process" } as const;
  const home = newHome();
  const store = await openStore({ ...options, home, busyTimeoutMs: 5_000, logBytesMax });
  ends.push(() => store.close());
  return { store, path: join(home, "bus.db") };
}

const value = "x".repeat(100_000);
let keys = 0;
const write = (store: Store, options: { essential?: boolean } = {}) =>
  store.write(
    (tx) => tx.run("insert into meta values ($key, $value)", { key: `${keys++}`, value }),
    {
      ...options,
    },
  );

/** Writes until it is refused. */
async function fill(store: Store): Promise<Error> {
  let refusal: Error | undefined;
  await waitUntil("the log is full", async () => {
    refusal = await write(store).then(
      () => undefined,
      (error: Error) => error,
    );
    return refusal !== undefined;
  });
  return refusal!;
}

/** A reader in this process that has begun and does not end, until it is told to. */
function startReader(path: string): () => void {
  const reader = testDriver.open(path, { readonly: true });
  reader.exec("begin");
  reader.prepare("select count(*) from meta").get({});
  return () => reader.close();
}

test("a reader that does not end has what adds work refused, in time, and not what ends it", async () => {
  const { store, path } = await openNew();
  await write(store);
  const end = startReader(path);
  ends.push(end);
  expect(await fill(store)).toMatchObject({
    code: "E_BUSY",
    retryAfterMs: 1_000,
    hint: expect.stringContaining("End that reader"),
  });
  expect(logBytes(path)).toBeGreaterThan(bytesMax);
  await write(store, { essential: true });
  await expect(write(store)).rejects.toMatchObject({ code: "E_BUSY" });
});

test("when it has ended the log is copied back and begun anew, and everything goes on", async () => {
  const { store, path } = await openNew();
  const end = startReader(path);
  await fill(store);
  const before = logBytes(path);
  end();
  for (let n = 0; n < 15; n++) await write(store);
  // It is written over from its beginning.
  expect(logBytes(path)).toBe(before);
});

test("what a reader made of the log is given back to the disk when it has ended", async () => {
  const { store, path } = await openNew(logBytesMax);
  const end = startReader(path);
  const large = "x".repeat(1_000_000);
  for (let n = 0; n < 36; n++)
    await store.write((tx) => tx.run("insert into meta values ($n, $large)", { n: `${n}`, large }));
  expect(logBytes(path)).toBeGreaterThan(35_000_000);
  end();
  // The first one copies it back, and the second one begins it anew.
  for (let n = 0; n < 2; n++) await write(store);
  expect(logBytes(path)).toBeLessThanOrEqual(usualLogBytes);
});

test("without a reader nothing is ever refused, however much is written", async () => {
  const { store } = await openNew();
  for (let n = 0; n < 300; n++) await write(store);
});

test("the usual log is far below the limit", () => {
  expect(usualLogBytes).toBeLessThan(logBytesMax / 4);
});

test.skipIf(lacks("sqlite3"))(
  "the refusal names the process that reads (wants sqlite3)",
  async () => {
    const { store, path } = await openNew();
    await write(store);
    const child = Bun.spawn(["sqlite3", "-readonly", path], { stdin: "pipe", stdout: "pipe" });
    ends.push(async () => {
      child.kill("SIGKILL");
      await child.exited;
    });
    child.stdin.write("begin; select 'it reads', count(*) from meta;\n");
    child.stdin.flush();
    const { value: said } = await child.stdout.getReader().read();
    expect(new TextDecoder().decode(said)).toStartWith("it reads|");
    await fill(store);
    // The table of locks may miss a line in a crowd.
    if (process.platform === "linux")
      await waitUntil("the refusal names it", async () =>
        (await fill(store)).message.includes(`process ${child.pid} (sqlite3`),
      );
    // The long one is named, whatever the usual length of a log is.
    expect((await store.log()).bytes).toBe(logBytes(path));
  },
);
