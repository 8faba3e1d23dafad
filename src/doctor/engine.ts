// Whether the SQLite that skep runs on keeps what it is given.
import type { Driver } from "../store/driver.ts";
import { hasWalResetFix } from "../store/engine.ts";
import { type Finding, fail, pass } from "./finding.ts";

/** The engine behind `driver`. */
export function checkEngine(driver: Driver): Finding {
  const connection = driver.open(":memory:", { readonly: false });
  try {
    const row = connection.prepare("select sqlite_version() as version").get({});
    return judgeEngine((row as { version: string }).version);
  } finally {
    connection.close();
  }
}

/** SQLite `version`, "3.54.1". */
export function judgeEngine(version: string): Finding {
  if (hasWalResetFix(version)) return pass("engine", `SQLite ${version}, with the fix of its log`);
  return fail(
    "engine",
    `SQLite ${version} can lose commits when two processes write`,
    "Use a newer runtime: 3.51.3 is the first without it (or 3.50.7, 3.44.6 of their lines).",
  );
}
