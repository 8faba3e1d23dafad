// The store port on SQLite: one connection that writes, one that reads, and the rules of a transaction.
import { dirname } from "node:path";
import { type Clock, elapsedMs, sleep } from "../core/clock.ts";
import { SkepError } from "../core/errors.ts";
import { settledAtOnce } from "./at-once.ts";
import type { Connection } from "./driver.ts";
import { isBusy, translateFault } from "./faults.ts";
import { setAside, withBallast } from "./ballast.ts";
import type { HighWater } from "./high-water.ts";
import { watchFiles } from "./in-place.ts";
import { findLastingHolder, findLastingReader, findLockHolder } from "./lock-holder.ts";
import { limitLog, logBytes, logBytesMax, usualLogBytes } from "./log-size.ts";
import { onDisk } from "./on-disk.ts";
import { retryMs } from "./retry.ts";
import {
  type DatabaseFile,
  type Ending,
  type Session,
  checkOpen,
  connect,
  readTx,
  rollBack,
  session,
} from "./session.ts";
import { hasSpareSpace, pagesAtOnce } from "./spare-space.ts";
import type { Params, ReadTx, Store, WriteTx } from "./store.ts";
import type { WriterQueue } from "./writer-queue.ts";

export interface SqliteOptions extends DatabaseFile {
  lockPath: string;
  /** The connection that writes; the one that reads is opened when something reads. */
  writer: Connection;
  queue: WriterQueue;
  clock: Clock;
  /** How long a write waits for its turn by default, in milliseconds. */
  busyTimeoutMs: number;
  /** Whether nothing is lost with it. */
  disposable: boolean;
  /** Which file it was that was opened (see `nameOf`); undefined when it may go, or lies in none. */
  opened?: string | undefined;
  /** Where it is noted how far the messages have come; undefined when nothing is lost with them. */
  highWater?: HighWater | undefined;
  /** How long the log may be before what adds work is refused. */
  logBytesMax?: number | undefined;
}

/** How long a write may wait for its turn, and whether its commit waits for the disk. */
interface Turn {
  deadline: number;
  signal?: AbortSignal | undefined;
  durable?: boolean | undefined;
}

// How long a write stands in the queue before it tries its luck without, once (design, section 4).
const queuePatienceMs = 2_000;

/** A store on the database at `path`, which is there and migrated (see `open.ts`). */
export function sqliteStore(options: SqliteOptions): Store {
  const { path, lockPath, queue, clock, disposable } = options;
  const home = dirname(path);
  const writer = session(options.writer);
  const power = options.durability === "power";
  const files = options.opened === undefined ? undefined : watchFiles(path, options.opened);
  const checkLog = limitLog(path, options.logBytesMax ?? logBytesMax, () => writer.copyBack());
  let reader: Session | undefined;
  let writes = 0;
  let commits = 0;
  let lastWrite: Promise<unknown> = Promise.resolve();
  let lastRead: Promise<unknown> = Promise.resolve();
  let closing: Promise<void> | undefined;

  async function begin(deadline: number, signal: AbortSignal | undefined): Promise<void> {
    try {
      for (let first = false, failures = 1; ; failures++) {
        first ||= await queue.enter(Math.min(deadline, elapsedMs() + queuePatienceMs), signal);
        if (tryBegin()) return;
        if (signal?.aborted || elapsedMs() >= deadline) throw busy(path, lockPath);
        // Only a writer that does not know our queue (sqlite3, say) keeps the first in it waiting. All others go back
        // and stand in line: a crowd that tries beside the queue gets in its own way, and in everybody's.
        if (first || !queue.queues) await sleep(retryMs(queue.queues, failures), signal);
      }
    } catch (error) {
      queue.leave();
      throw error;
    }
  }

  function tryBegin(): boolean {
    try {
      writer.exec("begin immediate");
      return true;
    } catch (error) {
      if (isBusy(error)) return false;
      throw error;
    }
  }

  async function writeOnce<T>(
    fn: (tx: WriteTx) => Promise<T>,
    after: (() => void)[],
    { deadline, signal, durable = power }: Turn,
  ): Promise<T> {
    await begin(deadline, signal);
    let reached = 0;
    // The same object that reads, for its end is written on it.
    const read = readTx(writer, clock);
    const tx: WriteTx & Ending = Object.assign(read, {
      run: async (sql: string, params: Params = {}) =>
        writer.statement(sql, read, params).run(params),
      after(hook: () => void) {
        checkOpen(read);
        after.push(hook);
      },
      reach(last: number) {
        checkOpen(read);
        reached = Math.max(reached, last);
      },
    });
    try {
      const result = await settledAtOnce(fn(tx), tx);
      writer.exec("commit");
      commits++;
      // While nobody else can commit, so that the marks come in order.
      if (reached > 0) options.highWater?.note(reached, durable);
      return result;
    } catch (error) {
      rollBack(writer);
      throw error;
    } finally {
      tx.ended = true;
      queue.leave();
    }
  }

  async function readOnce<T>(from: Session, fn: (tx: ReadTx) => Promise<T>): Promise<T> {
    const tx = readTx(from, clock);
    tx.reads = true;
    from.exec("begin");
    try {
      return await settledAtOnce(fn(tx), tx);
    } finally {
      tx.ended = true;
      rollBack(from);
    }
  }

  const translated = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      files?.checkNowAndThen();
      return await work();
    } catch (error) {
      throw translateFault(error, path, disposable);
    }
  };

  /** Does `work` when the connection that writes has done all that it was asked before. */
  function inLine<T>(work: () => Promise<T>): Promise<T> {
    const turn = lastWrite.then(() => translated(work));
    lastWrite = turn.catch(() => {});
    return turn;
  }

  function write<T>(work: () => Promise<T>): Promise<T> {
    writes++;
    return inLine(work).finally(() => writes--);
  }

  return {
    path,
    read(fn) {
      if (closing !== undefined) return Promise.reject(closed(path));
      // While nothing writes, the connection that does can read as well: a second one costs a command 1 ms
      // and 1 MB. A read that comes while a write waits for its turn must not wait with it.
      if (reader === undefined && writes === 0) return inLine(() => readOnce(writer, fn));
      const turn = lastRead.then(() =>
        translated(() => readOnce((reader ??= session(connect(options, true))), fn)),
      );
      lastRead = turn.catch(() => {});
      return turn;
    },
    write(fn, { timeoutMs = options.busyTimeoutMs, signal, durable, essential } = {}) {
      if (closing !== undefined) return Promise.reject(closed(path));
      // The time in line behind our own writes counts: a lock that nobody lets go of makes all of them late at once.
      const deadline = elapsedMs() + timeoutMs;
      const after: (() => void)[] = [];
      const once = () => {
        after.length = 0;
        return writeOnce(fn, after, { deadline, signal, durable: power || durable });
      };
      const work = async () => {
        if (essential) return withBallast({ home, path }, once);
        if (!disposable) await checkLog();
        return once();
      };
      return write(durable && !power ? () => onDisk(writer, work) : work).then((result) => {
        runHooks(after);
        return result;
      });
    },
    async query(sql, attached) {
      if (closing !== undefined) throw closed(path);
      files?.checkNowAndThen();
      const { answer } = await import("./query.ts");
      return answer(options, sql, attached);
    },
    lockHolder: () => findLastingHolder([`${path}-shm`, lockPath]),
    async log() {
      const bytes = logBytes(path);
      const isLong = bytes > usualLogBytes;
      return { bytes, reader: isLong ? await findLastingReader(path) : undefined };
    },
    setAside() {
      // A database in no file has no home.
      if (files !== undefined) setAside(home);
    },
    mark: () => options.highWater?.read(),
    async keep() {
      files?.check();
      this.setAside();
      await options.highWater?.sync();
    },
    version() {
      if (closing !== undefined) return Promise.reject(closed(path));
      // A connection's data version counts what others commit, so it is always the same one that is asked;
      // what it commits itself is added. Both only grow, and so does their sum.
      if (writes > 0) return Promise.resolve(Number.NaN);
      return inLine(async () => writer.version() + commits);
    },
    shrink({ timeoutMs = options.busyTimeoutMs, signal } = {}) {
      if (closing !== undefined) return Promise.reject(closed(path));
      const deadline = elapsedMs() + timeoutMs;
      return write(async () => {
        if (!(await readOnce(writer, hasSpareSpace))) return false;
        const giveBack = async () => writer.set(`incremental_vacuum(${pagesAtOnce})`);
        await writeOnce(giveBack, [], { deadline, signal });
        return true;
      });
    },
    checkpoint() {
      if (closing !== undefined) return Promise.reject(closed(path));
      // Between the writes: SQLite refuses a checkpoint within a transaction of the same connection.
      return write(async () => writer.exec("pragma wal_checkpoint(passive)"));
    },
    close() {
      closing ??= Promise.all([lastWrite, lastRead]).then(() => {
        reader?.close();
        writer.close();
        queue.close();
        options.highWater?.close();
      });
      return closing;
    },
  };
}

function closed(path: string): SkepError {
  return new SkepError("E_INTERNAL", `${path} was used after its store was closed`);
}

// The commit stands whatever a hook does, so its caller is told of success; the bug is thrown where it shows.
function runHooks(hooks: (() => void)[]): void {
  for (const hook of hooks) {
    try {
      hook();
    } catch (error) {
      setImmediate(() => {
        throw error;
      });
    }
  }
}

/** E_BUSY for the database at `path`, naming whoever has its lock or keeps its queue where that can be seen. */
export function busy(path: string, lockPath: string): SkepError {
  // SQLite's own lock first: whoever holds only the queue's is another victim.
  const holder = findLockHolder([`${path}-shm`, lockPath]);
  if (holder === undefined)
    return new SkepError("E_BUSY", `${path} is locked by another writer`, {
      hint: "Try again.",
      retryAfterMs: 200,
    });
  const who = `process ${holder.pid} (${holder.command})`;
  return new SkepError(
    "E_BUSY",
    `${path} is locked by ${who}${holder.stopped ? ", which is stopped" : ""}`,
    {
      hint: holder.stopped
        ? `Wake it with kill -CONT ${holder.pid}, or end it.`
        : "Try again; if it goes on for long, see what that process does.",
      retryAfterMs: 200,
    },
  );
}
