// Viewers: the people who are attached to an agent's terminal. All see the same, and all can type.
import { chmodSync, mkdirSync, rmSync } from "node:fs";
import { type Socket, createServer } from "node:net";
import { dirname } from "node:path";
import {
  type Shown,
  attachLine,
  attachLineBytesMax,
  decoded,
  encoded,
  typedOn,
} from "../agents/attach-line.ts";
import { type TerminalChild, type WindowSize, usualSize } from "../agents/terminal.ts";
import { sleep } from "../core/clock.ts";
import { splitLines } from "../core/lines.ts";

export interface Viewers {
  /** Shows what the program prints to everybody who is there. */
  show(bytes: Uint8Array): void;
  /** Tells everybody how it ended, and lets nobody in any more. */
  close(how: string): void;
}

/** What they look at. */
export interface Scene {
  terminal: Pick<TerminalChild, "write" | "resize">;
  /** What somebody has to see first who comes now. */
  catchUp(): Uint8Array;
}

// Whoever reads more slowly than the program prints keeps nobody waiting and fills no memory: it misses some of it.
const unreadBytesMax = 1024 * 1024;

// How long the terminal has another size, so that a program which looks for a change finds one.
const nudgeMs = 50;

/** Lets whoever comes to the socket `path` see and use the terminal; only its own user gets there. Rejects with what the system says when it cannot be made. */
export async function openViewers(path: string, { terminal, catchUp }: Scene): Promise<Viewers> {
  const viewers = new Map<Socket, WindowSize | undefined>();
  const behind = new Set<Socket>();
  let size = usualSize;

  const tell = (socket: Socket, shown: Shown) => void socket.write(attachLine(shown));

  /** Gives the terminal the size that everybody can see all of; has all of it painted `anew`, if need be, for one who has not seen it. */
  const fit = async (anew: boolean) => {
    const next = smallest([...viewers.values()]) ?? size;
    const same = next.columns === size.columns && next.rows === size.rows;
    size = next;
    if (!same) return terminal.resize(size);
    if (!anew) return;
    terminal.resize({ ...size, rows: Math.max(1, size.rows - 1) });
    await sleep(nudgeMs);
    terminal.resize(size);
  };

  const server = createServer((socket) => {
    viewers.set(socket, undefined);
    socket.on("error", () => {});
    socket.on("drain", () => {
      if (!behind.delete(socket)) return;
      tell(socket, { output: encoded(catchUp()) });
      void fit(true);
    });
    socket.on("close", () => {
      viewers.delete(socket);
      behind.delete(socket);
      void fit(false);
    });
    const lines = splitLines(attachLineBytesMax, (line) => {
      const typed = typedOn(line);
      if (typed === undefined) return;
      if ("keys" in typed) {
        // No more is taken in than the program reads.
        socket.pause();
        void terminal.write(decoded(typed.keys)).then(() => socket.resume());
      } else {
        const isNew = viewers.get(socket) === undefined;
        viewers.set(socket, typed.size);
        void fit(isNew);
      }
    });
    socket.on("data", (chunk: Buffer) => lines.add(chunk));
    tell(socket, { output: encoded(catchUp()) });
  });

  const folder = dirname(path);
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o700);
  // What a killed host left behind.
  rmSync(path, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, resolve);
  });
  server.on("error", () => {});

  return {
    show(bytes) {
      if (viewers.size === 0) return;
      const shown = { output: encoded(bytes) };
      for (const socket of viewers.keys()) {
        if (behind.has(socket)) continue;
        tell(socket, shown);
        if (socket.writableLength > unreadBytesMax) behind.add(socket);
      }
    },
    close(how) {
      server.close();
      for (const socket of viewers.keys()) {
        tell(socket, { ended: how });
        socket.end();
      }
    },
  };
}

function smallest(sizes: readonly (WindowSize | undefined)[]): WindowSize | undefined {
  const known = sizes.filter((size) => size !== undefined);
  if (known.length === 0) return undefined;
  return {
    columns: Math.min(...known.map(({ columns }) => columns)),
    rows: Math.min(...known.map(({ rows }) => rows)),
  };
}
