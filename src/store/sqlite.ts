// The store port on SQLite: one connection that writes, one that reads, and the rules of a transaction.
import { type Clock, jitter, sleep } from "../core/clock.ts";
import { SkepError } from "../core/errors.ts";
import type { Connection, Driver, Statement } from "./driver.ts";
import { isBusy, translateFault } from "./faults.ts";
import { findLockHolder } from "./lock-holder.ts";
import type { Params, ReadTx, Store, WriteTx } from "./store.ts";
import type { WriterQueue } from "./writer-queue.ts";

export interface SqliteOptions {
  path: string;
  lockPath: string;
  driver: Driver;
  /** The connection that writes; the one that reads is opened when something reads. */
  writer: Connection;
  queue: WriterQueue;
  clock: Clock;
  /** `power` waits for the disk at each commit; `process` may lose the newest commits when the power fails. */
  durability: "process" | "power";
  /** How long a write waits for its turn by default, in milliseconds. */
  busyTimeoutMs: number;
}

// How long a write stands in the queue before it tries its luck without (design, section 4).
const queuePatienceMs = 2_000;

/** A store on the database at `path`, which is there and migrated (see `open.ts`). */
export function sqliteStore(options: SqliteOptions): Store {
  const { path, lockPath, queue, clock } = options;
  const writer = session(options.writer);
  let reader: Session | undefined;
  let lastWrite: Promise<unknown> = Promise.resolve();
  let lastRead: Promise<unknown> = Promise.resolve();

  async function begin(timeoutMs: number, signal: AbortSignal | undefined): Promise<void> {
    const start = clock.tick();
    const over = (ms: number) => signal?.aborted === true || clock.tick() - start >= ms;
    await queue.enter(() => over(Math.min(timeoutMs, queuePatienceMs)));
    try {
      while (!tryBegin()) {
        // Only a writer that does not know our queue (sqlite3, say), or a stopped one, gets us here.
        if (over(timeoutMs)) throw busy(path, lockPath);
        await sleep(jitter(5, 0.8), signal);
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
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<T> {
    await begin(timeoutMs, signal);
    const tx: WriteTx & Ending = {
      ...readTx(writer, clock),
      run: async (sql, params = {}) => writer.statement(sql, tx).run(params),
      after: (hook) => void after.push(hook),
    };
    try {
      const result = await settledAtOnce(fn(tx), tx);
      writer.exec("commit");
      return result;
    } catch (error) {
      rollBack(writer);
      throw error;
    } finally {
      tx.ended = true;
      queue.leave();
    }
  }

  async function readOnce<T>(fn: (tx: ReadTx) => Promise<T>): Promise<T> {
    reader ??= session(connect(options, true));
    const tx = readTx(reader, clock);
    reader.exec("begin");
    try {
      return await settledAtOnce(fn(tx), tx);
    } finally {
      tx.ended = true;
      rollBack(reader);
    }
  }

  const translated = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw translateFault(error, path);
    }
  };

  return {
    read(fn) {
      const turn = lastRead.then(() => translated(() => readOnce(fn)));
      lastRead = turn.catch(() => {});
      return turn;
    },
    write(fn, { timeoutMs = options.busyTimeoutMs, signal } = {}) {
      const after: (() => void)[] = [];
      const turn = lastWrite.then(() => translated(() => writeOnce(fn, after, timeoutMs, signal)));
      lastWrite = turn.catch(() => {});
      return turn.then((result) => {
        for (const hook of after) hook();
        return result;
      });
    },
    checkpoint: () => translated(async () => void writer.exec("pragma wal_checkpoint(passive)")),
    async close() {
      await Promise.all([lastWrite, lastRead]);
      reader?.close();
      writer.close();
      queue.close();
    },
  };
}

/** A connection with every pragma set, none left to the library's taste. */
export function connect(
  { path, driver, durability }: Pick<SqliteOptions, "path" | "driver" | "durability">,
  readonly: boolean,
): Connection {
  const connection = driver.open(path, { readonly });
  // Busy timeout first: the pragmas after it may themselves meet a lock. It blocks the event loop, so it
  // is short; `begin` retries for as long as the caller has time.
  for (const pragma of [
    "busy_timeout = 100",
    `synchronous = ${durability === "power" ? "full" : "normal"}`,
    "foreign_keys = on",
    "trusted_schema = off",
    "mmap_size = 0",
    "cache_size = -2000",
    "temp_store = memory",
  ])
    connection.exec(`pragma ${pragma}`);
  return connection;
}

/** What a transaction's handle remembers of its end: used afterwards, it throws. */
interface Ending {
  ended?: boolean;
}

interface Session {
  exec(sql: string): void;
  statement(sql: string, tx: Ending): Statement;
  close(): void;
}

function session(connection: Connection): Session {
  const prepared = new Map<string, Statement>();
  return {
    exec(sql) {
      let statement = prepared.get(sql);
      if (statement === undefined) prepared.set(sql, (statement = connection.prepare(sql)));
      statement.run({});
    },
    statement(sql, tx) {
      if (tx.ended) throw new SkepError("E_INTERNAL", "a transaction was used after it ended");
      let statement = prepared.get(sql);
      if (statement === undefined) prepared.set(sql, (statement = connection.prepare(sql)));
      return statement;
    },
    close: () => connection.close(),
  };
}

function readTx(from: Session, clock: Clock): ReadTx & Ending {
  const tx: ReadTx & Ending = {
    now: clock.now(),
    tick: clock.tick(),
    get: async <Row>(sql: string, params: Params = {}) =>
      from.statement(sql, tx).get(params) as Row | undefined,
    all: async <Row>(sql: string, params: Params = {}) =>
      from.statement(sql, tx).all(params) as Row[],
  };
  return tx;
}

// Statements resolve at once, so a transaction that awaits nothing else settles before the next macrotask.
// One that does not is holding the lock while it waits for the world, and is rolled back.
async function settledAtOnce<T>(work: Promise<T>, tx: Ending): Promise<T> {
  let timer: NodeJS.Immediate | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setImmediate(() => {
      tx.ended = true;
      reject(
        new SkepError(
          "E_INTERNAL",
          "a transaction awaited something other than its own statements",
        ),
      );
    });
  });
  try {
    return await Promise.race([work, tooLate]);
  } finally {
    clearImmediate(timer);
  }
}

function rollBack(from: Session): void {
  try {
    from.exec("rollback");
  } catch {
    // SQLite has already rolled back by itself (disk full, I/O error).
  }
}

function busy(path: string, lockPath: string): SkepError {
  const holder = findLockHolder([lockPath, `${path}-shm`]);
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
        : "Try again, or end that process.",
      retryAfterMs: 200,
    },
  );
}
