import { mkdirSync, openSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "bun:test";
import { LOCK_EX, LOCK_UN, libc } from "../../src/core/libc.ts";
import { findLockHolder, holdersIn } from "../../src/store/lock-holder.ts";
import { tempHomes } from "../helpers/temp-home.ts";
import { waitUntil } from "../helpers/wait-until.ts";
import { programs } from "./start-program.ts";

const tempHome = tempHomes();
const start = programs();

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
    expect(findLockHolder([lock])).toEqual({
      pid: program.pid,
      command: expect.stringContaining("bun"),
      stopped: false,
    });
    program.kill("SIGSTOP");
    await waitUntil("it is stopped", () => findLockHolder([lock])?.stopped);
    expect(findLockHolder([join(home, "missing"), lock])?.pid).toBe(program.pid);
    program.kill("SIGKILL");
    await program.ended;
    expect(findLockHolder([lock])).toBeUndefined();
    process.kill(program.values<{ child: number }>()[0]!.child, "SIGKILL");
  });

  test("this process is never named, nor anybody for files that are not there", () => {
    const home = tempHome();
    mkdirSync(home);
    const path = join(home, "lock");
    const fd = openSync(path, "a");
    libc()!.flock(fd, LOCK_EX);
    expect(holdersIn(readFileSync("/proc/locks", "utf8"), statSync(path).ino)).toContain(
      process.pid,
    );
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
    const inode = statSync(lock).ino;
    expect(holdersIn(readFileSync("/proc/locks", "utf8"), inode)).toEqual([program.pid]);
    expect(findLockHolder([lock])).toBeUndefined();
  });
});
