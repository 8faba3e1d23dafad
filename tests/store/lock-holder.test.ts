import { mkdirSync, openSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { LOCK_EX, LOCK_UN, libc } from "../../src/core/libc.ts";
import { findLastingHolder, findLockHolder, holdersIn } from "../../src/store/lock-holder.ts";
import type { Store } from "../../src/store/store.ts";
import { openWriterQueue } from "../../src/store/writer-queue.ts";
import { openHome, writeRow } from "../fixtures/store/home.ts";
import { lacks } from "../helpers/programs.ts";
import { tempHomes } from "../helpers/temp-home.ts";
import { waitUntil } from "../helpers/wait-until.ts";
import { programs } from "./start-program.ts";

// Processes start slowly on a busy machine.
setDefaultTimeout(240_000);

const tempHome = tempHomes();
const start = programs();

/** Whom the table of locks names for a file; one reading of it may miss a line in a crowd. */
const inTable = (path: string) =>
  holdersIn(readFileSync("/proc/locks", "utf8"), statSync(path).ino);

describe("the table of locks", () => {
  const locks = [
    "1: POSIX  ADVISORY  READ  100 fe:00:77 128 128",
    "2: POSIX  ADVISORY  WRITE 101 fe:00:77 123 123",
    "3: POSIX  ADVISORY  WRITE 102 fe:00:77 120 120",
    "3: -> POSIX  ADVISORY  WRITE 103 fe:00:77 120 120",
    "4: FLOCK  ADVISORY  WRITE 104 00:1a:88 0 EOF",
    "4: -> FLOCK  ADVISORY  WRITE 105 00:1a:88 0 EOF",
    "5: FLOCK  ADVISORY  READ 106 00:1a:88 0 EOF",
    "6: POSIX  ADVISORY  WRITE 107 00:1a:88 0 EOF",
    "7: FLOCK  ADVISORY  WRITE 108 00:1a:880 0 EOF",
    "8: OFDLCK ADVISORY  WRITE -1 00:1a:88 0 EOF",
    "",
  ].join("\n");

  test("names who has SQLite's write lock, not its readers, checkpointers or those who wait", () => {
    expect(holdersIn(locks, 77)).toEqual([102]);
  });

  test("names who has the queue's lock, not those who wait for it", () => {
    expect(holdersIn(locks, 88)).toEqual([104]);
  });

  test("names nobody for a file that nobody has locked, and when it cannot be read", () => {
    expect(holdersIn(locks, 8)).toEqual([]);
    expect(holdersIn("", 77)).toEqual([]);
    expect(holdersIn("garbage\n: : :\n", 77)).toEqual([]);
  });
});

describe.skipIf(process.platform !== "linux")("on Linux", () => {
  test("another process that holds a lock is found, with its command and whether it is stopped", async () => {
    const home = tempHome();
    mkdirSync(home);
    const program = start("leave-a-child.ts", [home]);
    await program.says("child");
    const lock = join(home, "write.lock");
    const holder = await waitUntil("it is found", () => findLockHolder([lock]));
    expect(holder).toEqual({
      pid: program.pid,
      command: expect.stringContaining("bun"),
      stopped: false,
    });
    program.kill("SIGSTOP");
    await waitUntil("it is stopped", () => findLockHolder([lock])?.stopped);
    await waitUntil(
      "it is found beside a file that is not there",
      () => findLockHolder([join(home, "missing"), lock])?.pid === program.pid,
    );
    program.kill("SIGKILL");
    await program.ended;
    expect(findLockHolder([lock])).toBeUndefined();
    process.kill(program.values<{ child: number }>()[0]!.child, "SIGKILL");
  });

  test("one that keeps the lock is told from one that comes and goes", async () => {
    const home = tempHome();
    mkdirSync(home);
    const lock = join(home, "write.lock");
    expect(await findLastingHolder([lock])).toBeUndefined();
    // A busy machine may take longer to end one than the looks take.
    await waitUntil(
      "one that is ended meanwhile is not named",
      async () => {
        const program = start("leave-a-child.ts", [home]);
        await program.says("child");
        const isNamed = async () => (await findLastingHolder([lock]))?.pid === program.pid;
        await waitUntil("it is named", isNamed);
        const looking = findLastingHolder([lock]);
        program.kill("SIGKILL");
        process.kill(program.values<{ child: number }>()[0]!.child, "SIGKILL");
        await program.ended;
        return (await looking) === undefined;
      },
      200_000,
    );
  });

  test("this process is never named, nor anybody for files that are not there", async () => {
    const home = tempHome();
    mkdirSync(home);
    const path = join(home, "lock");
    const fd = openSync(path, "a");
    libc()!.flock(fd, LOCK_EX);
    await waitUntil("the table names it", () => inTable(path).includes(process.pid));
    expect(findLockHolder([path])).toBeUndefined();
    expect(findLockHolder([join(home, "missing")])).toBeUndefined();
    expect(findLockHolder([])).toBeUndefined();
    libc()!.flock(fd, LOCK_UN);
  });

  test("a process that does not have the file open is not blamed for the lock on its number", async () => {
    const home = tempHome();
    mkdirSync(home);
    const lock = join(home, "lock");
    const program = start("give-lock-away.ts", [lock]);
    await program.says("given away");
    await waitUntil("the table names it", () => inTable(lock).includes(program.pid));
    expect(findLockHolder([lock])).toBeUndefined();
  });
});

describe.skipIf(lacks("sqlite3"))(
  "beside a writer that does not know the queue (wants sqlite3)",
  () => {
    const opened: Store[] = [];
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((store) => store.close()));
    });

    async function newStore(): Promise<{ home: string; store: Store }> {
      const home = tempHome();
      const store = await openHome(home);
      opened.push(store);
      return { home, store };
    }

    async function stranger(home: string) {
      const child = Bun.spawn(["sqlite3", join(home, "bus.db")], { stdin: "pipe", stdout: "pipe" });
      child.stdin.write("begin immediate;\ninsert into meta values ('stranger', '');\n.print in\n");
      child.stdin.flush();
      const { value } = await child.stdout.getReader().read();
      expect(new TextDecoder().decode(value)).toBe("in\n");
      return child;
    }

    test("a write gives up when its time is over, and names it", async () => {
      const { home, store } = await newStore();
      const other = await stranger(home);
      const write = store.write((tx) => tx.run("delete from meta"), { timeoutMs: 300 });
      await expect(write).rejects.toThrow(
        expect.objectContaining({
          code: "E_BUSY",
          message: expect.stringMatching(new RegExp(`process ${other.pid} \\(sqlite3 .*\\)$`)),
        }),
      );
      other.kill("SIGKILL");
      await other.exited;
    });

    test("whoever waits blames it, and not the one of us who stands first in the queue", async () => {
      const { home, store } = await newStore();
      const other = await stranger(home);
      const first = start("wait-to-write.ts", [home, "first", "600000"]);
      await first.says("waiting");
      const queue = openWriterQueue(join(home, "write.lock"));
      await waitUntil("the other is in the queue", async () => {
        const free = await queue.enter(0);
        if (free) queue.leave();
        return !free;
      });
      queue.close();
      const write = store.write((tx) => tx.run("delete from meta"), { timeoutMs: 100 });
      await expect(write).rejects.toThrow(new RegExp(`process ${other.pid} `));
      first.kill("SIGKILL");
      other.kill("SIGKILL");
      await other.exited;
    });

    test("a write succeeds as soon as it lets go, and both are there", async () => {
      const { home, store } = await newStore();
      const other = await stranger(home);
      const write = writeRow(store, "ours");
      setTimeout(() => {
        other.stdin.write("commit;\n");
        other.stdin.end();
      }, 150);
      await write;
      const rows = await store.read((tx) => tx.all("select key from meta order by key"));
      expect(rows).toEqual([{ key: "ours" }, { key: "stranger" }]);
      await other.exited;
    });
  },
);
