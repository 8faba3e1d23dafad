// The store port: all that the rest of skep knows of a database.
import type { Mark } from "./high-water.ts";
import type { LockHolder } from "./lock-holder.ts";

export type Value = string | number | bigint | boolean | Uint8Array | null;
export type Params = Record<string, Value>;

/** What a query answers; two columns may have one name. */
export interface Table {
  columns: string[];
  /** Whole numbers come as bigint, for they may be larger than a number can hold. */
  rows: Value[][];
}

export interface Changes {
  /** How many rows the statement changed. */
  changes: number;
  /** The id of the last row inserted; meaningless after anything else. */
  lastId: number;
}

/** A consistent view of the database, good until the function it was given to settles. */
export interface ReadTx {
  /** Wall time in milliseconds since 1970, fixed when the transaction began. */
  readonly now: number;
  /** Monotonic milliseconds of this boot, fixed when the transaction began. */
  readonly tick: number;
  /** The first row, or undefined when there is none. */
  get<Row>(sql: string, params?: Params): Promise<Row | undefined>;
  /** Every row; empty when there is none. */
  all<Row>(sql: string, params?: Params): Promise<Row[]>;
}

/** The one open write of this process. Nothing may be awaited inside it but the transaction itself. */
export interface WriteTx extends ReadTx {
  run(sql: string, params?: Params): Promise<Changes>;
  /** Has `fn` called once the transaction is committed; it is forgotten when the transaction fails. */
  after(fn: () => void): void;
  /** Has the commit noted outside the database as one that gave out numbers up to `last`: how far the messages have come. */
  reach(last: number): void;
}

export interface WriteOptions {
  /** How long to wait for the write lock before E_BUSY, in milliseconds from the call. */
  timeoutMs?: number;
  /** Stops waiting for the write lock with E_BUSY when it aborts. */
  signal?: AbortSignal | undefined;
  /** Has this one commit wait for the disk, whatever the store does otherwise: a power cut does not take it back. */
  durable?: boolean | undefined;
  /**
   * Whether it ends work and adds none: on a full disk it gets the space that was set aside, for which `fn` is called a second time,
   * and no log is too long for it.
   */
  essential?: boolean | undefined;
}

export interface Store {
  /** Where the database lies. */
  readonly path: string;
  /** Runs `fn` on a consistent view of the last commit; never waits for a writer. */
  read<T>(fn: (tx: ReadTx) => Promise<T>): Promise<T>;
  /** Runs `fn` in a write transaction of its own: all of it is committed, or nothing. E_BUSY when the lock is not to be had. */
  write<T>(fn: (tx: WriteTx) => Promise<T>, options?: WriteOptions): Promise<T>;
  /**
   * What somebody's own `sql`, one statement that only reads, answers: on a connection of its own, which cannot write. The databases at the
   * paths in `attached` can be asked as well, each under its key. E_USAGE for anything else.
   */
  query(sql: string, attached?: Readonly<Record<string, string>>): Promise<Table>;
  /** The other process that has the write lock and keeps it, where it can be seen; undefined when there is none. */
  lockHolder(): Promise<LockHolder | undefined>;
  /** How long the write-ahead log is, and, when it is longer than usual, the other process that reads and reads, where it can be seen. */
  log(): Promise<{ bytes: number; reader: LockHolder | undefined }>;
  /** How far the messages had come by what is noted outside the database; undefined when nothing is. */
  mark(): Mark | undefined;
  /** Sets space aside for what is essential, where none is and the disk has plenty. Never throws. */
  setAside(): void;
  /** What a process that looks after the home does again and again: sets space aside, and has the mark reach the disk. E_CORRUPT when the files were moved, deleted or replaced. */
  keep(): Promise<void>;
  /** A number that changes with every commit, whoever makes it; NaN, which equals nothing, while this one writes. */
  version(): Promise<number>;
  /**
   * Gives a bounded part of the space that deleted rows left back to the file system, once that is a quarter of the file and
   * more than a little: whether it was. In a write of its own; E_BUSY as for any other.
   */
  shrink(options?: Pick<WriteOptions, "timeoutMs" | "signal">): Promise<boolean>;
  /** Copies what the write-ahead log holds into the database file. */
  checkpoint(): Promise<void>;
  /** Closes every connection, once what was asked before is done; whatever is asked afterwards is refused. */
  close(): Promise<void>;
}
