// A look into a home's database from outside, as a person with `sqlite3 -readonly` has it.
import { join } from "node:path";
import { Database } from "bun:sqlite";
import { waitUntil } from "../helpers/wait-until.ts";

/** The rows that `sql` finds in the database of `home`. */
export function look<Row = Record<string, unknown>>(home: string, sql: string): Row[] {
  const database = new Database(join(home, "bus.db"), { readonly: true });
  try {
    // The last process to leave locks everybody out while it takes the log with it, and may stand still meanwhile.
    database.run("pragma busy_timeout = 60000");
    return database.query<Row, []>(sql).all();
  } finally {
    database.close(true);
  }
}

/** Resolves once `count` processes wait for `what` in `inbox`. */
export async function untilWaiting(
  home: string,
  inbox: string,
  what: "mail" | "room",
  count = 1,
): Promise<void> {
  const column = what === "mail" ? "waiting_receivers" : "waiting_senders";
  await waitUntil(`${count} wait for ${what} in ${inbox}`, () => {
    try {
      const [row] = look<{ waiting: number }>(
        home,
        `select ${column} as waiting from inboxes where inbox = '${inbox}'`,
      );
      return (row?.waiting ?? 0) >= count;
    } catch {
      // Not made yet, or just being made.
      return false;
    }
  });
}
