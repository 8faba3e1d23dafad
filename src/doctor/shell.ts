// The sqlite3 that people open the database with.
import { isSkepError } from "../core/errors.ts";
import { hasWalResetFix } from "../store/engine.ts";
import { ask } from "./ask.ts";
import { type Finding, pass, warn } from "./finding.ts";

const usualAnswerMs = 10_000;

/** The `sqlite3` on the PATH of `env`, which may take `answerMs` to say its version. */
export async function checkShell(
  env: Record<string, string>,
  answerMs = usualAnswerMs,
): Promise<Finding> {
  try {
    const said = await ask(["sqlite3", "--version"], env, answerMs);
    return judgeShell(/^(\d+\.\d+\.\d+)/.exec(said)?.[1] ?? null);
  } catch (error) {
    if (!isSkepError(error, "E_FAILED")) throw error;
    return judgeShell(undefined);
  }
}

/** The version of `sqlite3`; null where it does not tell, undefined where there is none. */
export function judgeShell(version: string | null | undefined): Finding {
  if (version === undefined)
    return pass("sqlite3", "not installed; skep sql answers the same questions");
  if (version === null)
    return pass("sqlite3", "it does not tell its version; skep sql answers the same questions");
  const [major = 0, minor = 0] = version.split(".").map(Number);
  // Strict tables came with 3.37.
  if (major < 3 || (major === 3 && minor < 37))
    return warn(
      "sqlite3",
      `${version} cannot read strict tables, and takes the database for damaged`,
      "Use skep sql, or a newer sqlite3.",
    );
  if (!hasWalResetFix(version))
    return pass("sqlite3", `${version}: good for looking (sqlite3 -readonly), not for writing`);
  return pass("sqlite3", version);
}
