// Reading one log: its last lines, and then what is added, also when the file is put aside meanwhile.
import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import { elapsedMs } from "../core/clock.ts";
import { splitLines } from "../core/lines.ts";
import { logPath } from "./log.ts";

export interface LogReader {
  /** The last `count` lines that have an end; to be asked once, before anything else. */
  begin(count: number): string[];
  /** The lines that were added since, a few MB of them at a time; none mostly. */
  more(): string[];
  /** What has no end yet, as a line. */
  rest(): string[];
  /** Lets go of the file. */
  close(): void;
}

/** A file that is read. It stays open, so that no other one can get its number. */
interface Opened {
  fd: number;
  file: number;
  /** Up to where it is read. */
  at: number;
}

const lineBytesMax = 1024 * 1024;
const blockBytes = 64 * 1024;
const blocksMax = 64;
// Of all readers: with a new one each time, the most of what it costs to follow many logs would be to clear it.
const block = Buffer.alloc(blockBytes);

// How long the beginning of a line is kept back: it may be all that somebody wanted to say.
const unfinishedMs = 1_000;

/** Reads the log of `name`, which need not be there yet. `nowMs` tells for how long nothing was added. */
export function openLogReader(home: string, name: string, nowMs = elapsedMs): LogReader {
  const path = logPath(home, name);
  let lines: string[] = [];
  const splitter = splitLines(lineBytesMax, (line) =>
    lines.push(line ?? `(a line of more than ${lineBytesMax} bytes)`),
  );
  let own: Opened | undefined;
  let readMs = 0;

  const taken = () => {
    const all = lines;
    lines = [];
    return all;
  };

  const rest = () => {
    splitter.end();
    return taken();
  };

  const goOnWith = (next: Opened) => {
    if (own !== undefined) closeSync(own.fd);
    own = next;
  };

  /** Reads on in `opened`: whether that was all. */
  const readOn = (opened: Opened): boolean => {
    for (let blocks = 0; blocks < blocksMax; blocks++) {
      const read = readSync(opened.fd, block, 0, blockBytes, opened.at);
      if (read === 0) return true;
      splitter.add(Buffer.from(block.subarray(0, read)));
      opened.at += read;
      readMs = nowMs();
    }
    return false;
  };

  /** Goes on with the file that came after `before`, which is at its end. */
  const turnOver = (before: Opened | undefined, file: number) => {
    const aside = before && open(`${path}.1`);
    if (aside !== undefined) {
      // It was put aside as well, by somebody very quick; unless it is older, and the one that was read was deleted.
      if (aside.file !== before!.file && changedMs(aside) >= changedMs(before!))
        return goOnWith(aside);
      closeSync(aside.fd);
    }
    const next = open(path);
    if (next === undefined) return;
    // It may have been put aside just now; then it is looked for there.
    if (next.file !== file) return closeSync(next.fd);
    goOnWith(next);
    readOn(next);
  };

  return {
    begin(count) {
      own = open(path);
      const bytes = own === undefined ? Buffer.alloc(0) : endOf(own, count);
      const isWhole = bytes.length === (own?.at ?? 0);
      // One more than are missing, for the last line there may go on in the file after it.
      const missing = count + 1 - countLines(bytes);
      const aside = isWhole && missing > 0 ? open(`${path}.1`) : undefined;
      if (aside !== undefined) {
        splitter.add(endOf(aside, missing));
        closeSync(aside.fd);
      }
      splitter.add(bytes);
      readMs = nowMs();
      return lastOf(taken(), count);
    },
    more() {
      // Looked up first: what was put aside gets no more lines.
      const now = fileAt(path);
      const isOwn = now !== undefined && now.file === own?.file;
      // One that cannot be put aside is emptied. Seen before it is read on, for it may grow meanwhile.
      if (isOwn && now.size < own!.at) own!.at = 0;
      const isAll = own === undefined || readOn(own);
      if (now !== undefined && !isOwn && isAll) turnOver(own, now.file);
      if (lines.length === 0 && nowMs() - readMs > unfinishedMs) return rest();
      return taken();
    },
    rest,
    close() {
      if (own !== undefined) closeSync(own.fd);
      own = undefined;
    },
  };
}

/** The last `count` of `lines`. */
export function lastOf(lines: string[], count: number): string[] {
  return count === 0 ? [] : lines.slice(-count);
}

/** The last `count` whole lines of the file and what comes after them, of which a few MB at most. It is read up to its end then. */
function endOf(opened: Opened, count: number): Buffer {
  const bytesMax = Math.max(lineBytesMax, count * 1_024);
  opened.at = fstatSync(opened.fd).size;
  let bytes = Buffer.alloc(0);
  for (let from = opened.at; from > 0;) {
    const before = Buffer.alloc(Math.min(from, Math.max(blockBytes, bytes.length)));
    from -= before.length;
    const read = readSync(opened.fd, before, 0, before.length, from);
    bytes = Buffer.concat([before.subarray(0, read), bytes]);
    const start = startOfLast(bytes, count);
    if (start >= 0) return bytes.subarray(start);
    // The first may be the end of a line only.
    if (from > 0 && bytes.length >= bytesMax) return bytes.subarray(bytes.indexOf(10) + 1);
  }
  return bytes;
}

/** Where the last `count` whole lines of `bytes` begin; -1 when there may be more of them before it. */
function startOfLast(bytes: Buffer, count: number): number {
  let end = bytes.lastIndexOf(10);
  for (let n = 0; n < count && end >= 0; n++) end = end === 0 ? -1 : bytes.lastIndexOf(10, end - 1);
  return end < 0 ? -1 : end + 1;
}

function countLines(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) count++;
  return count;
}

function open(path: string): Opened | undefined {
  return unlessMissing(() => {
    const fd = openSync(path, "r");
    return { fd, file: fstatSync(fd).ino, at: 0 };
  });
}

function changedMs({ fd }: Opened): number {
  return fstatSync(fd).mtimeMs;
}

function fileAt(path: string): { file: number; size: number } | undefined {
  return unlessMissing(() => {
    const { ino, size } = statSync(path);
    return { file: ino, size };
  });
}

function unlessMissing<Answer>(read: () => Answer): Answer | undefined {
  try {
    return read();
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (["ENOENT", "ENOTDIR", "EACCES"].includes(code)) return undefined;
    throw error;
  }
}
