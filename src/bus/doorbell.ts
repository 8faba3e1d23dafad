// The doorbell: a loopback UDP socket that tells a waiting process to look at its inbox. Losing a ring costs
// time, never a message: whoever waits also looks by itself now and then.
import type { Socket } from "node:dgram";
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
  void import("node:dgram").then(({ createSocket }) => {
    const socket = createSocket("udp4");
    socket.on("error", () => {});
    sendTo(socket, port, bytes, () => socket.close());
  });
}

/** Sends without the C library; `done` hears whether the kernel took it. */
function sendTo(
  socket: Socket,
  port: number,
  bytes: Uint8Array,
  done: (taken: boolean) => void,
): void {
  try {
    socket.send(bytes, port, "127.0.0.1", (error) => done(error === null));
  } catch {
    // No port at all.
    done(false);
  }
}

/** A doorbell for this process; its socket is bound when the address is first asked for. */
export function openDoorbell(): Doorbell {
  let nonce: number | undefined;
  let rings = 0;
  let listeners: (() => void)[] = [];
  let binding: Promise<{ port: number; close: () => void } | undefined> | undefined;
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

/** Binds a socket and hears itself once; a sandbox may let a process bind and yet deliver nothing. */
async function bind(
  rung: (bytes: Uint8Array) => void,
): Promise<{ port: number; close: () => void } | undefined> {
  // Loading it takes 2 ms, which a command that does not wait need not spend.
  const { createSocket } = await import("node:dgram");
  return new Promise((resolve) => {
    const socket = createSocket("udp4");
    const give = () => {
      socket.close();
      resolve(undefined);
    };
    const take = (port: number) => {
      socket.off("error", give);
      socket.on("error", () => {});
      resolve({ port, close: () => socket.close() });
    };
    socket.once("error", give);
    socket.on("message", rung);
    socket.bind(0, "127.0.0.1", () => {
      const { port } = socket.address();
      // Too short to be anybody's nonce: this only shows that the kernel has a way to deliver it.
      const nothing = new Uint8Array(1);
      const c = libc();
      if (c === undefined) sendTo(socket, port, nothing, (taken) => (taken ? take(port) : give()));
      else if (c.sendLoopback(port, nothing)) take(port);
      else give();
    });
  });
}
