// A connection with its prepared statements, and the handle by which one transaction uses it.
import type { Clock } from "../core/clock.ts";
import { SkepError } from "../core/errors.ts";
import type { Connection, Driver, Statement } from "./driver.ts";
import { usualLogBytes } from "./log-size.ts";
import { checkParams } from "./params.ts";
import type { Params, ReadTx } from "./store.ts";

export interface DatabaseFile {
  path: string;
  driver: Driver;
  /** `power` waits for the disk at each commit; `process` may lose the newest commits when the power fails. */
  durability: "process" | "power";
}

/** A connection with every pragma set, none left to the library's taste. */
export function connect(file: DatabaseFile, readonly: boolean): Connection {
  const connection = file.driver.open(file.path, { readonly });
  try {
    // Busy timeout first: the pragmas after it may themselves meet a lock. It blocks the event loop, so it
    // is short; whoever waits longer retries for as long as it has time.
    for (const pragma of [
      "busy_timeout = 100",
      `synchronous = ${file.durability === "power" ? "full" : "normal"}`,
      "foreign_keys = on",
      "trusted_schema = off",
      "mmap_size = 0",
      // Pages of 2 KiB. SQLite's own 1,000 make every 250th send copy the log: 14,700 sends/s against 20,000.
      "wal_autocheckpoint = 8000",
      // What a long reader made of the log is given back when it is begun anew.
      `journal_size_limit = ${usualLogBytes}`,
      "cache_size = -2000",
      "temp_store = memory",
    ])
      connection.exec(`pragma ${pragma}`);
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

export interface Session {
  /** Runs one statement that takes no parameters. */
  exec(sql: string): void;
  /** Sets a pragma. Never prepared: SQLite sets some of them when the statement is compiled, and running it again does nothing. */
  set(pragma: string): void;
  /** The statement for `sql`, if `tx` is still open and `params` can be bound; E_INTERNAL otherwise. */
  statement(sql: string, tx: Ending, params: Params): Statement;
  /** `pragma data_version`: another number once another connection has committed. */
  version(): number;
  /** Copies what it may of the log into the database: whether that is all of it. */
  copyBack(): boolean;
  close(): void;
}

/** What a transaction's handle remembers of its end: used afterwards, it throws. */
export interface Ending {
  ended?: boolean;
  /** Whether it may only select. Not `pragma query_only`: switching that voids every prepared statement of the connection. */
  reads?: boolean;
}

/** `connection`, preparing each statement once. */
export function session(connection: Connection): Session {
  const prepared = new Map<string, Statement>();
  const prepare = (sql: string) => {
    let statement = prepared.get(sql);
    if (statement === undefined) prepared.set(sql, (statement = connection.prepare(sql)));
    return statement;
  };
  return {
    exec: (sql) => void prepare(sql).run({}),
    set: (pragma) => connection.exec(`pragma ${pragma}`),
    statement(sql, tx, params) {
      checkOpen(tx);
      if (tx.reads === true && !/^\s*select\b/i.test(sql))
        throw new SkepError("E_INTERNAL", `a read may only select: ${sql}`);
      checkParams(sql, params);
      return prepare(sql);
    },
    version: () =>
      (prepare("pragma data_version").get({}) as { data_version: number }).data_version,
    copyBack() {
      const done = prepare("pragma wal_checkpoint(passive)").get({});
      const { log, checkpointed } = done as { log: number; checkpointed: number };
      return log === checkpointed;
    },
    close: () => connection.close(),
  };
}

/** A handle for reading through `from`, with the times fixed now. */
export function readTx(from: Session, clock: Clock): ReadTx & Ending {
  const tx: ReadTx & Ending = {
    now: clock.now(),
    tick: clock.tick(),
    get: async <Row>(sql: string, params: Params = {}) =>
      from.statement(sql, tx, params).get(params) as Row | undefined,
    all: async <Row>(sql: string, params: Params = {}) =>
      from.statement(sql, tx, params).all(params) as Row[],
  };
  return tx;
}

/** Nothing while `tx` is open; E_INTERNAL once it has ended. */
export function checkOpen(tx: Ending): void {
  if (tx.ended) throw new SkepError("E_INTERNAL", "a transaction was used after it ended");
}

/** Ends the transaction of `from` without a trace; harmless when there is none. */
export function rollBack(from: Session): void {
  try {
    from.exec("rollback");
  } catch {
    // SQLite has already rolled back by itself (disk full, I/O error).
  }
}
