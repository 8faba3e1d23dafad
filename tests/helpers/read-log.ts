// What an agent's log holds.
import { readFileSync } from "node:fs";
import { logPath } from "../../src/agents/log.ts";

/** The log of `name`; empty while it has written nothing. */
export function readLog(home: string, name: string): string {
  try {
    return readFileSync(logPath(home, name), "utf8");
  } catch {
    return "";
  }
}
