// `skep sql`: ask the database a question of your own.
import { printable, textOf } from "../../core/text.ts";
import type { Table } from "../../store/store.ts";
import { columns } from "../columns.ts";
import { defineCommand } from "../command.ts";
import { open } from "../open.ts";

const statementBytesMax = 1_000_000;

export default defineCommand({
  name: "sql",
  summary: "ask the database a question of your own",
  notes: [
    "One select (or with, values, explain), on a connection that cannot write. Bytes that are no text are shown as x'00ff'.",
    "With --json each row is an object on a line of its own.",
  ],
  args: {
    query: { type: "positional", description: "the question, or - for standard input" },
  },
  examples: [
    ['skep sql "select * from slowest limit 10"', "what took longest"],
    ["skep sql \"select name from sqlite_schema where type = 'view'\"", "what there is to ask"],
    [
      'skep sql "select * from vitals.heartbeats"',
      "the signs of life, which have a file of their own",
    ],
  ],
  async run(context, { query }) {
    const bytes = await context.readBody(query, statementBytesMax);
    const app = await open(context);
    const table = await app.query(textOf(bytes) ?? "");
    if (context.json) await printLines(table, context.data);
    else await context.data(asText(table));
  },
});

type Cell = Table["rows"][number][number];

async function printLines({ columns: names, rows }: Table, print: (line: string) => Promise<void>) {
  const keys = uniqueNames(names).map((name) => JSON.stringify(name));
  for (const row of rows)
    await print(`{${row.map((cell, i) => `${keys[i]}:${asJson(cell)}`).join(",")}}`);
}

/** `names` with a number behind each that was there before, for an object has every key once. */
function uniqueNames(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    let unique = name;
    for (let n = 2; taken.has(unique); n++) unique = `${name}_${n}`;
    taken.add(unique);
    return unique;
  });
}

// A bigint is written out: JSON has no limit for numbers, whatever its readers make of them.
function asJson(cell: Cell): string {
  if (typeof cell === "bigint") return cell.toString();
  return JSON.stringify(cell instanceof Uint8Array ? bytesText(cell) : cell);
}

function asText({ columns: names, rows }: Table): string {
  const shown = rows.map((row) =>
    row.map((cell) => {
      if (cell === null) return "-";
      return printable(cell instanceof Uint8Array ? bytesText(cell) : String(cell));
    }),
  );
  return columns([names.map(printable), ...shown]);
}

function bytesText(bytes: Uint8Array): string {
  return textOf(bytes) ?? `x'${Buffer.from(bytes).toString("hex")}'`;
}
