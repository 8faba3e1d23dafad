// The functions of the C library that `libc.ts` is made of, as the runtime can call them: through `bun:ffi`, or
// through `Deno.dlopen`. Node has no such way.

/** A plain place in memory; null for none. */
export type Memory = Uint8Array | BigInt64Array | null;

export interface Calls {
  flock(fd: number, operation: number): number;
  setitimer(which: number, next: Memory, last: Memory): number;
  /** Has the function called `name`, with its closing NUL, do nothing but run whenever signal `number` comes. */
  handle(number: number, name: Uint8Array): void;
  siginterrupt(number: number, flag: number): number;
  clock_gettime(which: number, time: Memory): number;
  socket(family: number, type: number, protocol: number): number;
  sendto(
    fd: number,
    bytes: Memory,
    length: number,
    flags: number,
    to: Memory,
    toLength: number,
  ): number;
}

/** The C library of this process; undefined where it cannot be called, or may not be. */
export function openCalls(): Calls | undefined {
  if (process.platform === "win32") return undefined;
  const open = process.versions.bun === undefined ? openWithDeno : openWithBun;
  for (const name of names) {
    try {
      return open(name);
    } catch {
      // The next name may be the one this system uses.
    }
  }
  return undefined;
}

const names =
  process.platform === "darwin"
    ? ["libSystem.B.dylib"]
    : ["libc.so.6", "libc.so", `libc.musl-${muslArch()}.so.1`];

// What `dlsym` takes for "wherever it is": RTLD_DEFAULT.
const anywhere = process.platform === "darwin" ? -2 : 0;

// Loaded ahead, for whoever calls has no time to wait; `process.getBuiltinModule` would, and takes 0.3 ms longer for it.
const ffi = process.versions.bun === undefined ? undefined : await import("bun:ffi");

function openWithBun(name: string): Calls | undefined {
  if (ffi === undefined) return undefined;
  const { symbols } = ffi.dlopen(name, {
    flock: { args: ["i32", "i32"], returns: "i32" },
    setitimer: { args: ["i32", "ptr", "ptr"], returns: "i32" },
    signal: { args: ["i32", "ptr"], returns: "ptr" },
    siginterrupt: { args: ["i32", "i32"], returns: "i32" },
    dlsym: { args: ["ptr", "ptr"], returns: "ptr" },
    clock_gettime: { args: ["i32", "ptr"], returns: "i32" },
    socket: { args: ["i32", "i32", "i32"], returns: "i32" },
    sendto: { args: ["i32", "ptr", "usize", "i32", "ptr", "u32"], returns: "i32" },
  });
  const at = (memory: Memory) => (memory === null ? null : ffi.ptr(memory));
  return {
    ...symbols,
    setitimer: (which, next, last) => symbols.setitimer(which, at(next), at(last)),
    handle: (number, name) =>
      void symbols.signal(number, symbols.dlsym(anywhere as never, ffi.ptr(name))),
    clock_gettime: (which, time) => symbols.clock_gettime(which, at(time)),
    sendto: (fd, bytes, length, flags, to, toLength) =>
      symbols.sendto(fd, at(bytes), length, flags, at(to), toLength),
  };
}

/** What is used of Deno's own global. */
interface DenoFfi {
  permissions: { querySync(of: { name: "ffi" }): { state: string } };
  UnsafePointer: { create(address: bigint): object | null };
  dlopen(
    name: string,
    symbols: Record<string, { parameters: string[]; result: string }>,
  ): { symbols: DenoSymbols };
}

interface DenoSymbols extends Omit<Calls, "handle"> {
  dlsym(library: object | null, name: Uint8Array): object | null;
  signal(number: number, handler: object | null): object | null;
}

function openWithDeno(name: string): Calls | undefined {
  const { Deno: deno } = globalThis as { Deno?: DenoFfi };
  // Asked without the right to it, Deno would ask the person at the terminal.
  if (deno?.permissions.querySync({ name: "ffi" }).state !== "granted") return undefined;
  const { symbols } = deno.dlopen(name, {
    flock: { parameters: ["i32", "i32"], result: "i32" },
    setitimer: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
    signal: { parameters: ["i32", "pointer"], result: "pointer" },
    siginterrupt: { parameters: ["i32", "i32"], result: "i32" },
    dlsym: { parameters: ["pointer", "buffer"], result: "pointer" },
    clock_gettime: { parameters: ["i32", "buffer"], result: "i32" },
    socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
    sendto: { parameters: ["i32", "buffer", "usize", "i32", "buffer", "u32"], result: "i32" },
  });
  const everywhere = deno.UnsafePointer.create(BigInt.asUintN(64, BigInt(anywhere)));
  return {
    ...symbols,
    handle: (number, name) => void symbols.signal(number, symbols.dlsym(everywhere, name)),
  };
}

function muslArch(): string {
  return process.arch === "arm64" ? "aarch64" : "x86_64";
}
