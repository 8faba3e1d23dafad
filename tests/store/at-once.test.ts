import { afterAll, afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { elapsedMs } from "../../src/core/clock.ts";
import type { ReadTx, Store, WriteTx } from "../../src/store/store.ts";
import { openHome } from "../fixtures/store/home.ts";
import { tempHomes } from "../helpers/temp-home.ts";
import { waitUntil } from "../helpers/wait-until.ts";

// Processes start slowly on a busy machine.
setDefaultTimeout(240_000);

const tempHome = tempHomes();
const opened: Store[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((store) => store.close()));
});

async function newStore(): Promise<{ store: Store }> {
  const store = await openHome(tempHome());
  opened.push(store);
  return { store };
}

const put = (tx: WriteTx, key: string) => tx.run("insert into meta values ($key, '')", { key });
const keys = async (tx: ReadTx) =>
  (await tx.all<{ key: string }>("select key from meta order by key")).map(({ key }) => key);
const bug = (says: RegExp) =>
  expect.objectContaining({ code: "E_INTERNAL", message: expect.stringMatching(says) });
const nap = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  fetch: () => nap(30).then(() => new Response("late")),
});
afterAll(() => server.stop(true));

describe("a write that awaits something else", () => {
  test.each([
    ["a timer", () => nap(30)],
    ["the network", () => fetch(server.url)],
    ["another process", () => Bun.spawn(["true"]).exited],
    ["nothing that will ever come", () => new Promise(() => {})],
  ])("such as %s is rolled back at once, and the next one works", async (_, something) => {
    const { store } = await newStore();
    let late: unknown;
    const begun = elapsedMs();
    const write = store.write(async (tx) => {
      await put(tx, "a");
      await something();
      await put(tx, "b").catch((error: unknown) => (late = error));
    });
    await expect(write).rejects.toThrow(bug(/awaited something other/));
    expect(elapsedMs() - begun).toBeLessThan(100_000);
    await store.write((tx) => put(tx, "c"));
    expect(await store.read(keys)).toEqual(["c"]);
    if (something.toString().includes("nap")) {
      await waitUntil("it goes on in vain", () => late !== undefined);
      expect(late).toEqual(bug(/after it ended/));
      expect(await store.read(keys)).toEqual(["c"]);
    }
  });

  test("such as another write of this store is rolled back instead of waiting for itself", async () => {
    const { store } = await newStore();
    const write = store.write(async (tx) => {
      await put(tx, "outer");
      await store.write((inner) => put(inner, "inner"));
    });
    await expect(write).rejects.toThrow(bug(/awaited something other/));
    expect(await store.read(keys)).not.toContain("outer");
  });

  test("is one that a long row of statements is not", async () => {
    const { store } = await newStore();
    await store.write(async (tx) => {
      for (let n = 0; n < 5_000; n++) await put(tx, `${n}`);
      await Promise.all([keys(tx), keys(tx)]);
      await (async () => await put(tx, "x"))();
    });
    expect((await store.read(keys)).length).toBe(5_001);
  });
});

describe("a transaction that has ended", () => {
  test("is of no more use, for reading, writing or hooks", async () => {
    const { store } = await newStore();
    let kept: WriteTx | undefined;
    await store.write(async (tx) => void (kept = tx));
    await expect(put(kept!, "a")).rejects.toThrow(bug(/after it ended/));
    await expect(keys(kept!)).rejects.toThrow(bug(/after it ended/));
    expect(() => kept!.after(() => {})).toThrow(bug(/after it ended/));
    let reader: ReadTx | undefined;
    await store.read(async (tx) => void (reader = tx));
    await expect(reader!.get("select 1")).rejects.toThrow(bug(/after it ended/));
    expect(await store.read(keys)).toEqual([]);
  });
});
