// Opens a database of a home: directory, files, schema, then the store.
import { lstatSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Clock, elapsedMs, jitter, sleep } from "../core/clock.ts";
import { withBallast } from "./ballast.ts";
import type { Connection, Driver } from "./driver.ts";
import { fileFault, isBusy, translateFault } from "./faults.ts";
import { type StoreFile, busFile } from "./files.ts";
import { prepareFile, prepareHome } from "./filesystem.ts";
import { type HighWater, openHighWater } from "./high-water.ts";
import { lossFault } from "./loss-fault.ts";
import { isEmptied, nameOf } from "./in-place.ts";
import { type Migration, checkSchema, formatDatabase, isWriteAhead, migrate } from "./migrate.ts";
import { type DatabaseFile, connect } from "./session.ts";
import { busy, sqliteStore } from "./sqlite.ts";
import type { Store } from "./store.ts";
import { type WriterQueue, openWriterQueue } from "./writer-queue.ts";

export interface OpenOptions {
  home: string;
  /** Which of its databases; the bus when left out. */
  file?: StoreFile | undefined;
  driver: Driver;
  clock: Clock;
  durability: "process" | "power";
  busyTimeoutMs: number;
  /** Whether to go on where messages that were accepted are missing. */
  acceptLoss?: boolean | undefined;
  /** Whether it is opened to end work: on a full disk the space that was set aside is given back for it. */
  essential?: boolean | undefined;
  /** Whether what is open to other users stays so: for whoever only looks. */
  keepModes?: boolean | undefined;
  /** Told when the home was open to other users, and is closed to them now. */
  onClosed?: (() => void) | undefined;
  /** How long the write-ahead log may grow before what adds work is refused. */
  logBytesMax?: number | undefined;
}

/** The database of `home`, created and migrated as needed. Throws E_HOME, E_FILESYSTEM, E_ENGINE, E_SCHEMA, E_CORRUPT, E_LOSS, E_READONLY, E_DISK or E_BUSY. */
export async function openStore(options: OpenOptions): Promise<Store> {
  const { home, driver, durability, file = busFile, keepModes, onClosed } = options;
  const { migrations, disposable, markName } = file;
  const path = join(home, file.name);
  const lockPath = join(home, file.lockName);
  const deadline = elapsedMs() + options.busyTimeoutMs;
  if (prepareHome(home, { keepModes })) onClosed?.();
  const highWater =
    markName === undefined ? undefined : openHighWater(join(home, markName), options.clock.boot);
  prepareFile(lockPath, { keepModes });
  const isGone = () => !isThere(path) || (disposable && isEmptied(path));
  const isNew = isGone();
  if (isNew && options.acceptLoss !== true) refuseNewFile(path, highWater);
  const queue = openQueue(lockPath);
  try {
    if (isNew) await removeLeftovers(path, isGone, { queue, lockPath, deadline });
    const opened = nameOf(prepareFile(path, { keepModes }));
    const open = () => openWriter({ path, driver, durability }, migrations, queue, deadline);
    const writer = await (options.essential ? withBallast({ home, path }, open) : open());
    return sqliteStore({
      ...options,
      path,
      lockPath,
      queue,
      writer,
      disposable,
      highWater,
      // Whoever opens one that may go asks each time where it lies.
      opened: disposable ? undefined : opened,
    });
  } catch (error) {
    queue.close();
    throw translateFault(error, path, disposable);
  }
}

// Messages are not to be gone for good because somebody who looks for them makes a new database where the old one lay.
function refuseNewFile(path: string, highWater: HighWater | undefined): void {
  const { last = 0 } = highWater?.read() ?? {};
  if (last > 0) throw lossFault(`${path} is gone, and messages up to number ${last} with it`, path);
}

// Somebody who deletes a database may leave its log and the index of that, and a process that still has the old
// one open would share them with the new one. Only whoever finds no database may touch them, one at a time.
async function removeLeftovers(
  path: string,
  isGone: () => boolean,
  { queue, lockPath, deadline }: { queue: WriterQueue; lockPath: string; deadline: number },
): Promise<void> {
  const isAlone = await queue.enter(deadline);
  try {
    if (!isGone()) return;
    // Nothing else keeps two from taking away what the other one has just made.
    if (queue.queues && !isAlone) throw busy(path, lockPath);
    // One that was emptied: whoever has it open keeps a lock on it, so that nobody could format it where it lies.
    if (isThere(path)) rmSync(path);
    for (const leftover of [`${path}-wal`, `${path}-shm`]) rmSync(leftover, { force: true });
    prepareFile(path);
  } catch (error) {
    throw fileFault(error, path);
  } finally {
    queue.leave();
  }
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function openQueue(lockPath: string): WriterQueue {
  try {
    return openWriterQueue(lockPath);
  } catch (error) {
    throw fileFault(error, lockPath);
  }
}

// The last process to leave takes the log with it, and whoever opens at that instant is told to wait; so is
// everybody while the first of many creates the schema.
async function openWriter(
  file: DatabaseFile,
  migrations: readonly Migration[],
  queue: WriterQueue,
  deadline: number,
): Promise<Connection> {
  for (;;) {
    try {
      return await connectMigrated(file, migrations, queue, deadline);
    } catch (error) {
      if (!isBusy(error) || elapsedMs() >= deadline) throw error;
      await sleep(jitter(10, 0.8));
    }
  }
}

async function connectMigrated(
  file: DatabaseFile,
  migrations: readonly Migration[],
  queue: WriterQueue,
  deadline: number,
): Promise<Connection> {
  const connection = connect(file, false);
  try {
    const version = checkSchema(connection, file.path, migrations.length);
    if (version < migrations.length || !isWriteAhead(connection)) {
      await queue.enter(deadline);
      try {
        formatDatabase(connection, file.path);
        migrate(connection, file.path, migrations);
      } finally {
        queue.leave();
      }
    }
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}
