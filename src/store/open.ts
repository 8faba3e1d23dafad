// Opens the database of a home: directory, files, schema, then the store.
import { join } from "node:path";
import { type Clock, elapsedMs, jitter, sleep } from "../core/clock.ts";
import type { Connection, Driver } from "./driver.ts";
import { fileFault, isBusy, translateFault } from "./faults.ts";
import { prepareFile, prepareHome } from "./filesystem.ts";
import { checkSchema, formatDatabase, isWriteAhead, migrate } from "./migrate.ts";
import { migrations } from "./migrations.ts";
import { type DatabaseFile, connect } from "./session.ts";
import { sqliteStore } from "./sqlite.ts";
import type { Store } from "./store.ts";
import { type WriterQueue, openWriterQueue } from "./writer-queue.ts";

export interface OpenOptions {
  home: string;
  driver: Driver;
  clock: Clock;
  durability: "process" | "power";
  busyTimeoutMs: number;
}

/** The database of `home`, created and migrated as needed. Throws E_HOME, E_FILESYSTEM, E_ENGINE, E_SCHEMA, E_CORRUPT, E_READONLY, E_DISK or E_BUSY. */
export async function openStore(options: OpenOptions): Promise<Store> {
  const { home, driver, durability } = options;
  const path = join(home, "bus.db");
  const lockPath = join(home, "write.lock");
  prepareHome(home);
  prepareFile(path);
  prepareFile(lockPath);
  const queue = openQueue(lockPath);
  try {
    const writer = await openWriter({ path, driver, durability }, queue, options.busyTimeoutMs);
    return sqliteStore({ ...options, path, lockPath, queue, writer });
  } catch (error) {
    queue.close();
    throw translateFault(error, path);
  }
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
  queue: WriterQueue,
  timeoutMs: number,
): Promise<Connection> {
  const deadline = elapsedMs() + timeoutMs;
  for (;;) {
    try {
      return await connectMigrated(file, queue, deadline);
    } catch (error) {
      if (!isBusy(error) || elapsedMs() >= deadline) throw error;
      await sleep(jitter(10, 0.8));
    }
  }
}

async function connectMigrated(
  file: DatabaseFile,
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
