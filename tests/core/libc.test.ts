import { closeSync, mkdirSync, openSync, readFileSync, readdirSync, readlinkSync } from "node:fs";
import { createSocket } from "node:dgram";
import { join } from "node:path";
import { expect, setDefaultTimeout, test } from "bun:test";
import { elapsedMs } from "../../src/core/clock.ts";
import { LOCK_EX, LOCK_NB, LOCK_UN, libc } from "../../src/core/libc.ts";
import { lacks } from "../helpers/programs.ts";
import { tempHomes } from "../helpers/temp-home.ts";
import { waitUntil } from "../helpers/wait-until.ts";

// Processes start slowly on a busy machine.
setDefaultTimeout(240_000);

const tempHome = tempHomes();
const c = libc()!;

function lockFile(): { first: number; second: number } {
  const home = tempHome();
  mkdirSync(home);
  const open = () => openSync(join(home, "lock"), "a");
  return { first: open(), second: open() };
}

test("the C library is there, and is opened once", () => {
  expect(c).toBeDefined();
  expect(libc()).toBe(c);
});

test("a lock that one descriptor has, another does not get until it is released", () => {
  const { first, second } = lockFile();
  expect(c.flock(first, LOCK_EX | LOCK_NB)).toBe(0);
  expect(c.flock(second, LOCK_EX | LOCK_NB)).toBe(-1);
  c.flock(first, LOCK_UN);
  expect(c.flock(second, LOCK_EX | LOCK_NB)).toBe(0);
});

test("waiting for a lock gives up after its slice, and not before", () => {
  const { first, second } = lockFile();
  c.flock(first, LOCK_EX);
  for (const sliceMs of [20, 60, 100]) {
    const start = elapsedMs();
    expect(c.flockWithin(second, sliceMs)).toBe(false);
    expect(elapsedMs() - start).toBeGreaterThanOrEqual(sliceMs - 5);
    expect(elapsedMs() - start).toBeLessThan(sliceMs + 100_000);
  }
});

test("waiting for a lock that is free takes it at once", () => {
  const { first, second } = lockFile();
  const start = elapsedMs();
  expect(c.flockWithin(first, 200_000)).toBe(true);
  expect(elapsedMs() - start).toBeLessThan(100_000);
  expect(c.flock(second, LOCK_EX | LOCK_NB)).toBe(-1);
});

test("timers run between the slices of a long wait", async () => {
  const { first, second } = lockFile();
  c.flock(first, LOCK_EX);
  let ran = 0;
  const timer = setInterval(() => ran++, 5);
  for (let slice = 0; slice < 4; slice++) {
    expect(c.flockWithin(second, 20)).toBe(false);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  clearInterval(timer);
  expect(ran).toBeGreaterThanOrEqual(3);
});

test.skipIf(lacks("sleep"))("an alarm does not reach a program started meanwhile", async () => {
  const { first, second } = lockFile();
  c.flock(first, LOCK_EX);
  const child = Bun.spawn(["sleep", "0.3"]);
  c.flockWithin(second, 50);
  expect(await child.exited).toBe(0);
  expect(child.signalCode).toBeNull();
});

test("the clock is monotonic milliseconds, with fractions", () => {
  // Whoever is put off between two readings finds more on the clock that is read on the outside.
  const start = elapsedMs();
  const before = c.monotonicMs();
  const inside = elapsedMs();
  Bun.sleepSync(10);
  const leastMs = elapsedMs() - inside;
  const tookMs = c.monotonicMs() - before;
  expect(tookMs).toBeWithin(leastMs - 0.1, elapsedMs() - start + 0.1);
  expect(Number.isInteger(tookMs)).toBe(false);
});

test("a datagram reaches a socket of this machine, byte for byte, from the middle of a buffer too", async () => {
  const heard: string[] = [];
  const socket = createSocket("udp4").on("message", (bytes) => heard.push([...bytes].join(" ")));
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  const { port } = socket.address();
  const sent = [Uint8Array.of(0, 255, 1), new Uint8Array([9, 8, 7, 6, 5]).subarray(1, 4)];
  try {
    for (const bytes of sent) expect(c.sendLoopback(port, bytes)).toBe(true);
    // Somebody else may ring at this port, for whoever had it before.
    for (const bytes of sent)
      await waitUntil("it is heard", () => heard.includes([...bytes].join(" ")));
  } finally {
    socket.close();
  }
});

test("a datagram to a port where nobody listens is no fault, however often", () => {
  for (let i = 0; i < 10; i++) expect(c.sendLoopback(9, Uint8Array.of(1))).toBe(true);
});

test.skipIf(process.platform !== "linux")(
  "datagrams use one socket, and no program started later inherits it",
  () => {
    const sockets = () =>
      readdirSync("/proc/self/fd").filter((fd) => {
        try {
          return readlinkSync(`/proc/self/fd/${fd}`).startsWith("socket:");
        } catch {
          return false;
        }
      });
    c.sendLoopback(9, Uint8Array.of(1));
    const before = sockets();
    c.sendLoopback(9, Uint8Array.of(1));
    expect(sockets()).toEqual(before);
    const closedOnExec = 0o2000000;
    for (const fd of before.filter((it) => Number(it) > 2)) {
      const flags = /flags:\s*(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "utf8"))![1]!;
      expect(Number.parseInt(flags, 8) & closedOnExec).toBe(closedOnExec);
    }
  },
);

test("a lock is gone with the descriptor that held it", () => {
  const { first, second } = lockFile();
  c.flock(first, LOCK_EX);
  closeSync(first);
  expect(c.flock(second, LOCK_EX | LOCK_NB)).toBe(0);
});
