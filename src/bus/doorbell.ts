// The doorbell: a loopback UDP socket that tells a waiting process to look at its inbox. Losing a ring costs
// time, never a message: whoever waits also looks by itself now and then.
import { jitter } from "../core/clock.ts";
import { randomNonce } from "../core/ids.ts";
import { libc } from "../core/libc.ts";

/** Where to ring, and what to say so that nobody else's datagram is taken for it. */
export interface Address {
  port: number;
  nonce: number;
}

export interface Doorbell {
  /** Binds the socket on first use; undefined when there is none to be had and the process has to look by itself. */
  address(): Promise<Address | undefined>;
  /** The address if the socket is bound already; never binds it. */
  bound(): Address | undefined;
  /** How often it has been rung. */
  rings(): number;
  /** Resolves at the first ring after the `heard` ones, after `ms`, or when `signal` aborts, whichever is first. */
  next(heard: number, ms: number, signal?: AbortSignal): Promise<void>;
  close(): void;
}

/** How long to wait before looking again without a ring: with a doorbell 1 to 2 s, without one 50 ms at first and 1 s at last. */
export function fallbackMs(hasDoorbell: boolean, looks: number): number {
  return hasDoorbell ? jitter(1_500, 0.33) : jitter(Math.min(1_000, 50 * 1.3 ** looks), 0.2);
}

/** The longest that anybody waits without a look, in milliseconds: what is due later than that is found without a ring. */
export const lookMaxMs = 2_000;

/** Rings the doorbell at `port`; never throws, and does not tell whether anybody heard. */
export function ring(port: number, nonce: number): void {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, nonce);
  const c = libc();
  if (c !== undefined) {
    c.sendLoopback(port, bytes);
    return;
  }
  void sendWithout(port, bytes);
}

/** A doorbell for this process; its socket is bound when the address is first asked for. */
export function openDoorbell(): Doorbell {
  let nonce: number | undefined;
  let rings = 0;
  let listeners: (() => void)[] = [];
  let binding: Promise<Bound | undefined> | undefined;
  let address: Address | undefined;

  const rung = (bytes: Uint8Array) => {
    const given =
      bytes.length === 4 ? new DataView(bytes.buffer, bytes.byteOffset).getUint32(0) : undefined;
    // A port is reused by strangers; only who knows the nonce means us.
    if (given !== nonce) return;
    rings++;
    const waiting = listeners;
    listeners = [];
    for (const listener of waiting) listener();
  };

  return {
    async address() {
      // Not before it is needed: the first random number of a process takes as long as a send.
      nonce ??= randomNonce();
      binding ??= bind(rung);
      const socket = await binding;
      address = socket === undefined ? undefined : { port: socket.port, nonce };
      return address;
    },
    bound: () => address,
    rings: () => rings,
    async next(heard, ms, signal) {
      if (rings > heard || signal?.aborted) return;
      await new Promise<void>((resolve) => {
        const end = () => {
          clearTimeout(timer);
          signal?.removeEventListener("abort", end);
          listeners = listeners.filter((listener) => listener !== end);
          resolve();
        };
        const timer = setTimeout(end, ms);
        signal?.addEventListener("abort", end);
        listeners.push(end);
      });
    },
    close() {
      void binding?.then((socket) => socket?.close());
    },
  };
}

interface Bound {
  port: number;
  close(): void;
}

/** Binds a socket and hears itself once; a sandbox may let a process bind and yet deliver nothing. */
async function bind(rung: (bytes: Uint8Array) => void): Promise<Bound | undefined> {
  const bound = process.versions.bun === undefined ? await bindNode(rung) : await bindBun(rung);
  if (bound === undefined) return undefined;
  // Too short to be anybody's nonce: this only shows that the kernel has a way to deliver it.
  if (await isTaken(bound.port, new Uint8Array(1))) return bound;
  bound.close();
  return undefined;
}

async function bindBun(rung: (bytes: Uint8Array) => void): Promise<Bound | undefined> {
  try {
    return await Bun.udpSocket({
      hostname: "127.0.0.1",
      socket: { data: (_, bytes) => rung(bytes), error() {} },
    });
  } catch {
    return undefined;
  }
}

/** Node's socket takes longer to load and to make; Deno has none but that. */
async function bindNode(rung: (bytes: Uint8Array) => void): Promise<Bound | undefined> {
  const { createSocket } = await import("node:dgram");
  return new Promise((resolve) => {
    const socket = createSocket("udp4");
    socket.once("error", () => {
      socket.close();
      resolve(undefined);
    });
    socket.on("message", rung);
    socket.bind(0, "127.0.0.1", () => {
      socket.removeAllListeners("error").on("error", () => {});
      resolve({ port: socket.address().port, close: () => socket.close() });
    });
  });
}

/** Whether the kernel took `bytes` for the socket at `port`. */
async function isTaken(port: number, bytes: Uint8Array): Promise<boolean> {
  const c = libc();
  if (c !== undefined) return c.sendLoopback(port, bytes);
  return await sendWithout(port, bytes);
}

/** Sends without the C library: whether the kernel took it. */
async function sendWithout(port: number, bytes: Uint8Array): Promise<boolean> {
  const { createSocket } = await import("node:dgram");
  const socket = createSocket("udp4");
  socket.on("error", () => {});
  return new Promise((resolve) => {
    const done = (taken: boolean) => {
      socket.close();
      resolve(taken);
    };
    try {
      socket.send(bytes, port, "127.0.0.1", (error) => done(error === null));
    } catch {
      // No port at all.
      done(false);
    }
  });
}
