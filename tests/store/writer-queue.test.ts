import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { elapsedMs } from "../../src/core/clock.ts";
import type { Store } from "../../src/store/store.ts";
import { openWriterQueue } from "../../src/store/writer-queue.ts";
import { openHome, writeRow } from "../fixtures/store/home.ts";
import { tempHomes } from "../helpers/temp-home.ts";
import { quickest } from "../helpers/quickest.ts";
import { waitUntil } from "../helpers/wait-until.ts";
import { holdsFileOf } from "./holds-file-of.ts";
import { hearSignals, heardAfterMs } from "./hear-signals.ts";
import { stoppedHolder, waitersOn } from "./stopped-holder.ts";
import { type Program, programs } from "./start-program.ts";

// Processes start slowly on a busy machine.
setDefaultTimeout(240_000);

const tempHome = tempHomes();
const start = programs();
const opened: Store[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((store) => store.close()));
});

async function newStore(
  home = tempHome(),
  busyTimeoutMs?: number,
): Promise<{ home: string; store: Store }> {
  const store = await openHome(home, busyTimeoutMs);
  opened.push(store);
  return { home, store };
}

const keys = (store: Store) =>
  store.read(async (tx) =>
    (await tx.all<{ key: string }>("select key from meta order by key")).map(({ key }) => key),
  );

function queueFile(): string {
  const home = tempHome();
  mkdirSync(home);
  return join(home, "write.lock");
}

/** Two in one queue; the first one is in. */
async function twoInLine() {
  const path = queueFile();
  const [holder, waiter] = [openWriterQueue(path), openWriterQueue(path)];
  await holder.enter(Number.POSITIVE_INFINITY);
  const close = () => [holder, waiter].forEach((queue) => queue.close());
  return { holder, waiter, close };
}

describe("the queue", () => {
  test("lets one in at a time, and the next when it leaves", async () => {
    const { holder, waiter, close } = await twoInLine();
    expect(await waiter.enter(0)).toBe(false);
    holder.leave();
    expect(await waiter.enter(0)).toBe(true);
    expect(await holder.enter(0)).toBe(false);
    close();
  });

  test("is left when its time is over", async () => {
    const { waiter, close } = await twoInLine();
    const begun = elapsedMs();
    expect(await waiter.enter(begun + 2_100)).toBe(false);
    expect(elapsedMs() - begun).toBeGreaterThanOrEqual(2_090);
    expect(elapsedMs() - begun).toBeLessThan(100_000);
    close();
  });

  test("lets timers run while one waits in it", async () => {
    const { waiter, close } = await twoInLine();
    const begun = elapsedMs();
    const stop = new AbortController();
    let ticks = 0;
    const timer = setInterval(() => ++ticks === 2 && stop.abort(), 10);
    expect(await waiter.enter(begun + 200_000, stop.signal)).toBe(false);
    expect(ticks).toBeGreaterThanOrEqual(2);
    expect(elapsedMs() - begun).toBeLessThan(150_000);
    clearInterval(timer);
    close();
  });

  test.each(["SIGINT", "SIGTERM", "SIGHUP"])("hears %s at once while it waits", async (name) => {
    const { waiter, close } = await twoInLine();
    // Deaf until its slice of a second is over, it would hear of it after 600 ms at the earliest.
    const heardMs = await quickest(500, () =>
      heardAfterMs(start, name, async (stop) => {
        expect(await waiter.enter(elapsedMs() + 20_000, stop)).toBe(false);
      }),
    );
    expect(heardMs).toBeLessThan(500);
    close();
  });

  test("is harmless to leave for whoever did not get in", async () => {
    const { waiter, close } = await twoInLine();
    waiter.leave();
    expect(await waiter.enter(0)).toBe(false);
    close();
  });

  test("is no place a child inherits: it dies with whoever stood in it", async () => {
    const path = queueFile();
    const parent = start("leave-a-child.ts", [join(path, "..")]);
    await parent.says("child");
    const [{ child }] = parent.values<{ child: number }>() as [{ child: number }];
    try {
      // It is handed over when its program begins, which may be a moment after it has a process.
      await waitUntil(
        "the child holds no file of the home",
        () => !holdsFileOf(child, join(path, "..")),
      );
      const queue = openWriterQueue(path);
      expect(await queue.enter(0)).toBe(false);
      parent.kill("SIGKILL");
      await parent.ended;
      expect(existsSync(`/proc/${child}`)).toBe(true);
      expect(await queue.enter(0)).toBe(true);
      queue.close();
    } finally {
      process.kill(child, "SIGKILL");
    }
  });

  test("is left after every write, also one that failed", async () => {
    const { home, store } = await newStore();
    const queue = openWriterQueue(join(home, "write.lock"));
    const isFree = async () => {
      const free = await queue.enter(0);
      queue.leave();
      return free;
    };
    await writeRow(store, "a");
    expect(await isFree()).toBe(true);
    await expect(writeRow(store, "a")).rejects.toThrow(/UNIQUE/);
    expect(await isFree()).toBe(true);
    queue.close();
  });

  test("is a courtesy: when it does not move, a write goes on without it", async () => {
    const { home, store } = await newStore();
    const sleeper = start("leave-a-child.ts", [home]);
    await sleeper.says("child");
    const begun = elapsedMs();
    await store.write((tx) => tx.run("insert into meta values ('a', '')"), { timeoutMs: 200_000 });
    expect(elapsedMs() - begun).toBeGreaterThanOrEqual(1_990);
    expect(elapsedMs() - begun).toBeLessThan(150_000);
    process.kill(sleeper.values<{ child: number }>()[0]!.child, "SIGKILL");
  });

  test("may be torn down while it is in use: everybody's writes stay whole", async () => {
    const { home, store } = await newStore();
    const lock = join(home, "write.lock");
    const waves = [
      () => {},
      () => rmSync(lock),
      () => {
        rmSync(lock, { force: true });
        writeFileSync(lock, "");
      },
    ];
    const others: Program[] = [];
    for (const [wave, tear] of waves.entries()) {
      tear();
      for (let n = 0; n < 3; n++) {
        const other = start("write-row.ts", [home, `other ${wave} ${n}`]);
        other.go();
        others.push(other);
      }
      for (let n = 0; n < 50; n++) await writeRow(store, `ours ${wave} ${n}`);
    }
    await Promise.all(others.map((other) => other.ended));
    expect(others.flatMap((other) => other.values())).toEqual(others.map(() => ({ code: "done" })));
    expect((await keys(store)).length).toBe(3 * 53);
  });
});

describe("with the lock in the hands of a stopped process", () => {
  test("a write gives up when its time is over, saying who holds it and how to go on", async () => {
    const { home, store } = await newStore();
    const holder = await stoppedHolder(start, home);
    const begun = elapsedMs();
    await expect(
      store.write((tx) => tx.run("delete from meta"), { timeoutMs: 400 }),
    ).rejects.toThrow(
      expect.objectContaining({
        code: "E_BUSY",
        message: expect.stringMatching(new RegExp(`process ${holder.pid} .*which is stopped`)),
        hint: expect.stringContaining(`kill -CONT ${holder.pid}`),
        retryAfterMs: expect.any(Number),
      }),
    );
    expect(elapsedMs() - begun).toBeGreaterThanOrEqual(390);
    // The store itself would wait for 100 s.
    expect(elapsedMs() - begun).toBeLessThan(90_000);
    expect(await keys(store)).toEqual([]);
    holder.kill("SIGKILL");
  });

  test("many writes of one process give up together, not one after the other", async () => {
    const { home, store } = await newStore();
    const holder = await stoppedHolder(start, home);
    const begun = elapsedMs();
    // One after the other they would take longer than the test may.
    const writes = Array.from({ length: 40 }, () =>
      store.write((tx) => tx.run("delete from meta"), { timeoutMs: 6_000 }),
    );
    const outcomes = await Promise.allSettled(writes);
    expect(outcomes.map(({ status }) => status)).toEqual(outcomes.map(() => "rejected"));
    expect(elapsedMs() - begun).toBeLessThan(150_000);
    holder.kill("SIGKILL");
  });

  test.each([
    ["stands in the queue", 300],
    ["has left the queue", 2_500],
  ])("a write that %s gives up when its signal aborts", async (_, afterMs) => {
    const { home, store } = await newStore();
    const holder = await stoppedHolder(start, home);
    const begun = elapsedMs();
    const signal = AbortSignal.timeout(afterMs);
    const write = store.write((tx) => tx.run("delete from meta"), { timeoutMs: 200_000, signal });
    await expect(write).rejects.toThrow(expect.objectContaining({ code: "E_BUSY" }));
    expect(elapsedMs() - begun).toBeGreaterThanOrEqual(afterMs - 5);
    expect(elapsedMs() - begun).toBeLessThan(afterMs + 150_000);
    holder.kill("SIGKILL");
  });

  test("reads go on as ever, and a new process can open the home", async () => {
    const { home, store } = await newStore();
    await writeRow(store, "there");
    const holder = await stoppedHolder(start, home);
    const begun = elapsedMs();
    expect(await keys(store)).toEqual(["there"]);
    const { store: another } = await newStore(home, 200_000);
    expect(await keys(another)).toEqual(["there"]);
    expect(elapsedMs() - begun).toBeLessThan(150_000);
    holder.kill("SIGKILL");
  });

  test("its death frees it at once, and its half-done write is gone", async () => {
    const { home, store } = await newStore(tempHome(), 200_000);
    const holder = await stoppedHolder(start, home);
    const write = writeRow(store, "next");
    holder.kill("SIGKILL");
    await holder.ended;
    const begun = elapsedMs();
    await write;
    expect(elapsedMs() - begun).toBeLessThan(150_000);
    expect(await keys(store)).toEqual(["next"]);
  });

  test("a hundred that wait hear signals and keep deadlines, and all go on when it is woken", async () => {
    const { home, store } = await newStore();
    const holder = await stoppedHolder(start, home);
    const wait = (key: string, timeoutMs: number) =>
      start("wait-to-write.ts", [home, key, String(timeoutMs)]);
    const impatient = Array.from({ length: 10 }, (_, n) => wait(`impatient ${n}`, 1_000));
    const patient = Array.from({ length: 70 }, (_, n) => wait(`patient ${n}`, 1_000_000));
    const signalled = Array.from({ length: 20 }, (_, n) => wait(`signalled ${n}`, 1_000_000));
    const all = [...impatient, ...patient, ...signalled];
    await Promise.all(all.map((agent) => agent.says("waiting", 300_000)));
    const begun = elapsedMs();

    await hearSignals(signalled.slice(0, 10));
    // Their patience with the queue ends again and again, and each time they try without and go back to it.
    const inode = statSync(join(home, "write.lock")).ino;
    // Of 80; those that wait for a processor just then are in no line.
    const backInLine = () => elapsedMs() - begun > 4_500 && waitersOn(inode) > 20;
    await waitUntil("they are back in line after two such tries", backInLine);
    await hearSignals(signalled.slice(10));

    await Promise.all(impatient.map((agent) => agent.ended));
    for (const agent of impatient) {
      const [fault] = agent.values<{ code: string; message: string; waitedMs: number }>();
      expect(fault).toMatchObject({
        code: "E_BUSY",
        message: expect.stringContaining(`process ${holder.pid} `),
      });
      expect(fault!.waitedMs).toBeGreaterThanOrEqual(990);
      expect(fault!.waitedMs).toBeLessThan(100_000);
    }

    holder.kill("SIGCONT");
    await holder.says("committed");
    await Promise.all(patient.map((agent) => agent.ended));
    expect(patient.flatMap((agent) => agent.values())).toEqual(
      patient.map(() => ({ code: "done" })),
    );
    const rows = await keys(store);
    expect(rows.filter((key) => key.startsWith("patient")).length).toBe(70);
    expect(rows.length).toBe(71);
  }, 600_000);
});
