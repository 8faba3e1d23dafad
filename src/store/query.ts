// Somebody's own SQL: one statement that only reads, on a connection that cannot write.
import { SkepError } from "../core/errors.ts";
import { translateFault } from "./faults.ts";
import { type DatabaseFile, connect } from "./session.ts";
import type { Table } from "./store.ts";

/** What `sql` answers, from the last commit; no rows when it finds none. `attached` are other databases by the names they get. E_USAGE when it is not one statement, does not only read, or is not understood. */
export function answer(
  file: DatabaseFile,
  sql: string,
  attached: Readonly<Record<string, string>> = {},
): Table {
  checkQuery(sql);
  try {
    const connection = connect(file, true);
    try {
      for (const [name, path] of Object.entries(attached))
        connection.exec(`attach database '${path.replaceAll("'", "''")}' as ${name}`);
      connection.exec("pragma query_only = on");
      // All at once: a reader that takes its time would keep the log from being copied back, and so let it grow.
      return connection.table(sql);
    } finally {
      connection.close();
    }
  } catch (error) {
    // SQLite does not say which of them is damaged.
    throw queryFault(error, [file.path, ...Object.values(attached)].join(" or "));
  }
}

/** Nothing when `sql` is one statement that looks like a query; E_USAGE otherwise. */
export function checkQuery(sql: string): void {
  const [first, ...others] = statementsOf(sql);
  if (first === undefined)
    throw new SkepError("E_USAGE", "there is no statement", { hint: example });
  if (others.length > 0)
    throw new SkepError("E_USAGE", `there are ${others.length + 1} statements`, {
      hint: "Ask one question at a time.",
    });
  // A pragma or an attach would pass as reading, and yet change something for those who come later.
  if (!/^\(*\s*(select|with|values|explain)\b/i.test(first))
    throw new SkepError(
      "E_USAGE",
      `only questions are answered, and this is none: ${clip(first)}`,
      {
        hint: example,
      },
    );
}

const example = `Begin with select, with, values or explain: skep sql "select * from inboxes".`;

// What separates statements, and what hides a semicolon: comments, and texts and names in quotes.
const token =
  /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|'(?:[^']|'')*'?|"(?:[^"]|"")*"?|`[^`]*`?|\[[^\]]*\]?|;|[^;]/g;

/** The statements of `sql` without comments around them; none when there is nothing but those. */
function statementsOf(sql: string): string[] {
  const statements = [""];
  for (const [part] of sql.matchAll(token)) {
    if (part === ";") statements.push("");
    else if (!part.startsWith("--") && !part.startsWith("/*"))
      statements[statements.length - 1] += part;
    else statements[statements.length - 1] += " ";
  }
  return statements.map((statement) => statement.trim()).filter((statement) => statement !== "");
}

function clip(statement: string): string {
  const [line] = statement.split("\n");
  return line!.length > 60 ? `${line!.slice(0, 59)}…` : line!;
}

function queryFault(error: unknown, path: string): unknown {
  const code = String((error as { code?: unknown }).code ?? "");
  if (/^SQLITE_(READONLY|AUTH)/.test(code) && !(error instanceof SkepError))
    return new SkepError("E_USAGE", "skep sql only reads, and this statement writes", {
      hint: "Change messages with skep's own commands: they keep the books.",
      cause: error,
    });
  const translated = translateFault(error, path);
  if (translated instanceof SkepError || !(error instanceof Error)) return translated;
  // What SQLite says about the text of a statement: no such table, a syntax error, a missing function.
  return new SkepError("E_USAGE", error.message, {
    hint: `skep sql "select type, name from sqlite_schema" lists the tables and views.`,
    cause: error,
  });
}
