// The few calls of the C library that no runtime offers: a queued file lock, a slice of blocking time,
// the monotonic clock, and a datagram without an event loop. Node has no way to them.
import { type Calls, openCalls } from "./libc-calls.ts";

export interface Libc {
  /** `flock(2)`: 0 when the lock was taken or released, -1 otherwise. */
  flock(fd: number, operation: number): number;
  /** Blocks in `flock(fd, LOCK_EX)` for at most `sliceMs`, or until SIGHUP, SIGINT or SIGTERM comes: whether the lock was taken. */
  flockWithin(fd: number, sliceMs: number): boolean;
  /** CLOCK_MONOTONIC in milliseconds. */
  monotonicMs(): number;
  /** Sends `bytes` to a UDP port of 127.0.0.1: whether the kernel took it. */
  sendLoopback(port: number, bytes: Uint8Array): boolean;
}

export const LOCK_EX = 2;
export const LOCK_NB = 4;
export const LOCK_UN = 8;

let opened: Libc | undefined | null = null;

/** The C library of this process, opened on first use; undefined where it cannot be called. */
export function libc(): Libc | undefined {
  if (opened === null) {
    const calls = openCalls();
    opened = calls === undefined ? undefined : wrap(calls);
  }
  return opened;
}

function wrap(c: Calls): Libc {
  const SIGALRM = 14;
  const endSignals = [1, 2, 15]; // SIGHUP, SIGINT, SIGTERM
  const ITIMER_REAL = 0;
  const darwin = process.platform === "darwin";
  const time = new BigInt64Array(2);
  const off = new BigInt64Array(4);
  const slice = new BigInt64Array(4);
  // Kept for good, like the others: the call must not outlive the memory it is given.
  const address = new Uint8Array(16);
  let alarmReady = false;
  let udp = -1;

  // SIGALRM's default action ends the process, so it gets a handler that does nothing: libc's own
  // `abs`. `siginterrupt` makes the blocked call return instead of being restarted.
  const readyAlarm = () => {
    if (!alarmReady) {
      c.handle(SIGALRM, Buffer.from("abs\0"));
      c.siginterrupt(SIGALRM, 1);
      alarmReady = true;
    }
    // Each time: the runtime has them restart the call again whenever it gets a new listener.
    for (const signal of endSignals) c.siginterrupt(signal, 1);
  };

  return {
    flock: (fd, operation) => c.flock(fd, operation),

    flockWithin(fd, sliceMs) {
      readyAlarm();
      const us = BigInt(sliceMs) * 1000n;
      // Repeating: an alarm that fires just before the call blocks would otherwise be lost.
      slice.set([us / 1_000_000n, us % 1_000_000n]);
      slice.set([us / 1_000_000n, us % 1_000_000n], 2);
      c.setitimer(ITIMER_REAL, slice, null);
      const taken = c.flock(fd, LOCK_EX) === 0;
      c.setitimer(ITIMER_REAL, off, null);
      return taken;
    },

    monotonicMs() {
      const CLOCK_MONOTONIC = darwin ? 6 : 1;
      c.clock_gettime(CLOCK_MONOTONIC, time);
      return Number(time[0]) * 1000 + Number(time[1]) / 1e6;
    },

    sendLoopback(port, bytes) {
      const AF_INET = 2;
      const SOCK_DGRAM = darwin ? 2 : 2 | 0o2000000 | 0o4000; // close-on-exec, non-blocking
      if (udp < 0) udp = c.socket(AF_INET, SOCK_DGRAM, 0);
      if (udp < 0) return false;
      const high = port >> 8;
      const family = darwin ? [16, AF_INET] : [AF_INET, 0];
      address.set([...family, high, port & 255, 127, 0, 0, 1]);
      const sent = c.sendto(udp, bytes, bytes.length, 0, address, 16);
      return sent === bytes.length;
    },
  };
}
