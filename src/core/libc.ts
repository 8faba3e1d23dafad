// The few calls of the C library that no runtime offers: a queued file lock, a slice of blocking time,
// the monotonic clock, and a datagram without an event loop. Undefined where there is no `bun:ffi`.

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
  if (opened === null) opened = open();
  return opened;
}

const names =
  process.platform === "darwin"
    ? ["libSystem.B.dylib"]
    : ["libc.so.6", "libc.so", `libc.musl-${muslArch()}.so.1`];

const signatures = {
  flock: { args: ["i32", "i32"], returns: "i32" },
  setitimer: { args: ["i32", "ptr", "ptr"], returns: "i32" },
  signal: { args: ["i32", "ptr"], returns: "ptr" },
  siginterrupt: { args: ["i32", "i32"], returns: "i32" },
  dlsym: { args: ["ptr", "ptr"], returns: "ptr" },
  clock_gettime: { args: ["i32", "ptr"], returns: "i32" },
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  sendto: {
    args: ["i32", "ptr", "usize", "i32", "ptr", "u32"],
    returns: "i32",
  },
} as const;

function open(): Libc | undefined {
  if (process.platform === "win32") return undefined;
  const ffi = process.getBuiltinModule?.("bun:ffi" as never) as
    typeof import("bun:ffi") | undefined;
  if (ffi === undefined) return undefined;
  for (const name of names) {
    try {
      return wrap(ffi, ffi.dlopen(name, signatures).symbols);
    } catch {
      // The next name may be the one this system uses.
    }
  }
  return undefined;
}

type Symbols = ReturnType<typeof import("bun:ffi").dlopen<typeof signatures>>["symbols"];

function wrap(ffi: typeof import("bun:ffi"), c: Symbols): Libc {
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
      const self = darwin ? -2 : 0;
      const handler = c.dlsym(self as never, ffi.ptr(Buffer.from("abs\0")));
      c.signal(SIGALRM, handler);
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
      c.setitimer(ITIMER_REAL, ffi.ptr(slice), null);
      const taken = c.flock(fd, LOCK_EX) === 0;
      c.setitimer(ITIMER_REAL, ffi.ptr(off), null);
      return taken;
    },

    monotonicMs() {
      const CLOCK_MONOTONIC = darwin ? 6 : 1;
      c.clock_gettime(CLOCK_MONOTONIC, ffi.ptr(time));
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
      const sent = c.sendto(udp, ffi.ptr(bytes), bytes.length, 0, ffi.ptr(address), 16);
      return sent === bytes.length;
    },
  };
}

function muslArch(): string {
  return process.arch === "arm64" ? "aarch64" : "x86_64";
}
