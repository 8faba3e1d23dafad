// Whether two processes keep out of each other's way here, and see what the other has committed: tried, not believed,
// for file systems say that they lock and do not.
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { isSkepError } from "../core/errors.ts";
import type { Connection, Driver } from "../store/driver.ts";
import { isBusy, translateFault } from "../store/faults.ts";
import { ask } from "./ask.ts";
import { type Finding, fail, pass } from "./finding.ts";

/** What another process found of the database: how many rows, and whether it could have written. */
export interface Trial {
  rows: number;
  writes: boolean;
}

// On a machine that is busy two processes may take long to start, and that is no fault of its locks.
const usualTrialMs = 60_000;

/** Has another process, which `trier` starts with the path after it, try a database in `directory` while this one writes; it may take `trialMs` each time. */
export async function checkLocking(
  directory: string,
  driver: Driver,
  trier: readonly string[],
  env: Record<string, string>,
  trialMs = usualTrialMs,
): Promise<Finding[]> {
  const path = join(directory, "trial.db");
  closeSync(openSync(path, "w", 0o600));
  const connection = driver.open(path, { readonly: false });
  const log = pass("log", "SQLite's write-ahead log works here");
  try {
    const mode = modeAfterAsking(connection);
    if (mode !== "wal")
      return [
        fail(
          "log",
          `SQLite cannot use its write-ahead log here, and stays with ${mode}`,
          "Name a home on a local disk with --home or SKEP_HOME.",
        ),
      ];
    connection.exec("create table trial (n integer)");
    connection.exec("insert into trial values (1)");
    connection.exec("begin immediate");
    connection.exec("insert into trial values (2)");
    const during = await trialBy([...trier, path], env, trialMs);
    connection.exec("commit");
    // Whoever did not answer in time is not asked again: nobody waits so long for a doctor.
    const after = during && (await trialBy([...trier, path], env, trialMs));
    return [log, judgeLocking(during, after)];
  } catch (error) {
    const fault = translateFault(error, path);
    if (!isSkepError(fault)) throw error;
    const found = fail(
      fault.code === "E_FAILED" ? "locks" : "log",
      fault.message,
      fault.hint ?? "See what else is amiss.",
    );
    return fault.code === "E_FAILED" ? [log, found] : [found];
  } finally {
    connection.close();
  }
}

/** What another process finds of the database at `path`; for that process. */
export function tryDatabase(driver: Driver, path: string): Trial {
  const connection = driver.open(path, { readonly: false });
  try {
    connection.exec("pragma busy_timeout = 0");
    const { rows } = connection.prepare("select count(*) as rows from trial").get({}) as Trial;
    return { rows, writes: canWrite(connection) };
  } finally {
    connection.close();
  }
}

/** What another process found while this one wrote a second row, and what after it had. */
export function judgeLocking(during: Trial | undefined, after: Trial | undefined): Finding {
  const fix = "Name a home on a local disk with --home or SKEP_HOME.";
  if (during === undefined || after === undefined)
    return fail(
      "locks",
      "a second process did not answer",
      "See whether more processes can be started (ulimit -u).",
    );
  if (during.writes)
    return fail("locks", "two processes can write at once here: messages would be lost", fix);
  if (during.rows !== 1 || after.rows !== 2 || !after.writes)
    return fail("locks", "a second process does not see what the first has written", fix);
  return pass("locks", "two processes keep out of each other's way");
}

function modeAfterAsking(connection: Connection): string {
  connection.exec("pragma journal_mode = wal");
  const row = connection.prepare("select journal_mode as mode from pragma_journal_mode").get({});
  return (row as { mode: string }).mode;
}

function canWrite(connection: Connection): boolean {
  try {
    connection.exec("begin immediate");
    connection.exec("rollback");
    return true;
  } catch (error) {
    if (isBusy(error)) return false;
    throw error;
  }
}

async function trialBy(
  command: readonly string[],
  env: Record<string, string>,
  trialMs: number,
): Promise<Trial | undefined> {
  const said = await ask(command, env, trialMs);
  try {
    return JSON.parse(said) as Trial;
  } catch {
    return undefined;
  }
}
