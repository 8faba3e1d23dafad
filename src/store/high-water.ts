// The high-water mark: the number of the newest delivery that was accepted, in a small file beside the database. What a
// damaged or shortened log has lost is lost in silence, for SQLite ends the log where it stops adding up; the mark tells.
import { closeSync, fdatasync, openSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { elapsedMs } from "../core/clock.ts";

export interface Mark {
  /** The highest number that a committed write gave out. */
  last: number;
  /** The highest of those that no power cut takes back: its commit, or a later one, waited for the disk. */
  durable: number;
  /** The boot in which it was noted. */
  boot: string;
}

export interface HighWater {
  /** What the file says; undefined when there is none, or it says nothing that adds up. */
  read(): Mark | undefined;
  /** Notes that a commit gave out numbers up to `last`, at once or within a tenth of a second. Never throws. */
  note(last: number, durable: boolean): void;
  /** Has the disk take what was noted since it was last asked to, by whatever process. Never rejects. */
  sync(): Promise<void>;
  /** Notes what is still to be noted. */
  close(): void;
}

// Writing it takes some 20 µs, which a process that sends all the time pays ten times a second.
const everyMs = 100;

/** The mark in the file at `path`, which is made with the first note. `boot` names the boot that we live in. */
export function openHighWater(path: string, boot: string): HighWater {
  let noted: Mark = { last: 0, durable: 0, boot };
  let writtenMs = Number.NEGATIVE_INFINITY;
  let syncedMs = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  // What cannot be noted now is noted with the next commit; the messages do not depend on it.
  const write = () => {
    writtenMs = elapsedMs();
    attempt(() => overwrite(path, formatMark(noted)));
  };
  const writeLate = () => {
    clearTimeout(timer);
    timer = undefined;
    process.off("exit", writeLate);
    // Others may have come further since our commit.
    const there = attempt(() => readMark(path));
    if (there === undefined || there.last < noted.last || there.durable < noted.durable) {
      learn(there);
      write();
    }
  };
  const learn = (there: Mark | undefined) => {
    const last = Math.max(noted.last, there?.last ?? 0);
    noted = { last, durable: Math.max(noted.durable, there?.durable ?? 0), boot };
  };

  return {
    read() {
      const mark = attempt(() => readMark(path));
      learn(mark);
      return mark;
    },
    note(last, durable) {
      noted = { last, durable: durable ? last : noted.durable, boot };
      if (timer !== undefined) return;
      const restMs = everyMs - (elapsedMs() - writtenMs);
      if (restMs <= 0) {
        // Whoever commits has the write lock still, so nobody has come further; but what others had on the disk stays so.
        learn(attempt(() => readMark(path)));
        return write();
      }
      timer = setTimeout(writeLate, restMs);
      timer.unref();
      process.on("exit", writeLate);
    },
    async sync() {
      const changedMs = attempt(() => statSync(path).mtimeMs) ?? 0;
      if (changedMs === syncedMs) return;
      syncedMs = changedMs;
      await toDisk(path).catch(() => {});
    },
    close() {
      if (timer !== undefined) writeLate();
    },
  };
}

/** The text of a mark: always of one length, so that it is written over the last one in place. */
export function formatMark({ last, durable, boot }: Mark): string {
  const text = `${last} ${durable} ${boot}`;
  return `${`${text} ${sumOf(text)}`.padEnd(127)}\n`;
}

/** What such a text says; undefined when it is not whole. */
export function parseMark(line: string): Mark | undefined {
  // The name of a boot may have blanks in it.
  const [last = "", durable = "", ...rest] = line.trimEnd().split(" ");
  const sum = rest.pop();
  const boot = rest.join(" ");
  if (!line.endsWith("\n") || sum !== sumOf(`${last} ${durable} ${boot}`)) return undefined;
  return { last: Number(last), durable: Number(durable), boot };
}

function readMark(path: string): Mark | undefined {
  return parseMark(readFileSync(path, "utf8"));
}

/** Writes `text` over what stands in the file, in place: so nobody finds it empty, and a full disk has room for it. */
function overwrite(path: string, text: string): void {
  try {
    writeFileSync(path, text, { flag: "r+" });
  } catch {
    writeFileSync(path, text, { mode: 0o600 });
  }
}

async function toDisk(path: string): Promise<void> {
  const fd = openSync(path, "r");
  await new Promise<void>((resolve) => fdatasync(fd, () => resolve()));
  closeSync(fd);
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

// FNV-1a: enough to tell a whole line from one that was torn.
function sumOf(text: string): string {
  let sum = 0x811c9dc5;
  for (let at = 0; at < text.length; at++)
    sum = Math.imul(sum ^ text.charCodeAt(at), 0x01000193) >>> 0;
  return sum.toString(16).padStart(8, "0");
}
