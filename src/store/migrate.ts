// Brings a database to the schema this program knows, and refuses one it does not know.
import { SkepError } from "../core/errors.ts";
import type { Connection } from "./driver.ts";
import { hasWalResetFix } from "./engine.ts";

export interface Migration {
  /** Its number, counting from 1 without gaps. */
  version: number;
  sql: string;
}

/** "skep" in ASCII: how a database of ours is told from any other application's. */
export const applicationId = 0x736b6570;

/** The schema version of the database, 0 when it is empty; E_CORRUPT when it is another application's, E_SCHEMA when newer than `latest`, E_ENGINE when the engine may not be trusted. */
export function checkSchema(connection: Connection, path: string, latest: number): number {
  const engine = one(connection, "select sqlite_version() as value") as string;
  if (!hasWalResetFix(engine))
    throw new SkepError("E_ENGINE", `SQLite ${engine} can lose commits in write-ahead mode`, {
      hint: "skep needs SQLite 3.51.3 or newer (or 3.50.7, 3.44.6 of their lines).",
    });
  const { version, application, entries } = factsOf(connection);
  if (entries === 0 && version === 0 && application === 0) return 0;
  if (application !== applicationId || version < 1)
    throw new SkepError("E_CORRUPT", `${path} is not a database of skep`, {
      hint: "Name another home with --home; this file was left as it is.",
    });
  if (version > latest)
    throw new SkepError(
      "E_SCHEMA",
      `${path} was written by a newer skep (schema ${version}, this one knows ${latest})`,
      {
        hint: "Use that newer skep; this file was left as it is.",
      },
    );
  return version;
}

/** Whether the database is in write-ahead mode; an empty file is not, and one that a person has fiddled with may not be. */
export function isWriteAhead(connection: Connection): boolean {
  return one(connection, "select journal_mode as value from pragma_journal_mode") === "wal";
}

/** Puts a database into write-ahead mode, an empty one so that it gives space back; E_FILESYSTEM where that mode cannot be had. Must not run inside a transaction. */
export function formatDatabase(connection: Connection, path: string): void {
  // Page size and vacuum mode cannot change once the log is in use. A commit writes whole pages, most of them for a
  // few bytes: with SQLite's own 4,096 one process sends 17,400 messages/s, and 24,200 with half of that.
  connection.exec("pragma page_size = 2048");
  connection.exec("pragma auto_vacuum = incremental");
  if (isWriteAhead(connection)) return;
  connection.exec("pragma journal_mode = wal");
  // SQLite says nothing when it stays in the mode it was in.
  if (!isWriteAhead(connection))
    throw new SkepError("E_FILESYSTEM", `${path} cannot be put into write-ahead mode`, {
      hint: "Name a home on a local disk with --home.",
    });
}

/** Applies what is missing of `migrations`, all of it in one transaction, so that no process sees half a schema. */
export function migrate(
  connection: Connection,
  path: string,
  migrations: readonly Migration[],
): void {
  connection.exec("begin immediate");
  try {
    // Another process may have been here while this one waited for the lock.
    const version = checkSchema(connection, path, migrations.length);
    for (const migration of migrations.slice(version)) {
      connection.exec(migration.sql);
      connection.exec(`pragma user_version = ${migration.version}`);
    }
    connection.exec(`pragma application_id = ${applicationId}`);
    connection.exec("commit");
  } catch (error) {
    rollBack(connection);
    throw error;
  }
}

// One statement, for one view: between two of them another process may commit the whole schema.
function factsOf(connection: Connection): {
  version: number;
  application: number;
  entries: number;
} {
  const sql = `select (select count(*) from sqlite_schema) as entries, user_version as version,
                      application_id as application
                 from pragma_user_version, pragma_application_id`;
  return connection.prepare(sql).get({}) as ReturnType<typeof factsOf>;
}

function rollBack(connection: Connection): void {
  try {
    connection.exec("rollback");
  } catch {
    // SQLite has already rolled back by itself (disk full, I/O error), and why is what has to be told.
  }
}

function one(connection: Connection, sql: string): unknown {
  return (connection.prepare(sql).get({}) as { value: unknown }).value;
}
