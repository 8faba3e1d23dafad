// `skep export jsonl` and `csv`: rows as others read them, some at a time, however many there are.
import { deliveryColumns, deliveryPages } from "../bus/delivery-pages.ts";
import { SkepError } from "../core/errors.ts";
import { type Cell, csvRecord } from "../export/csv.ts";
import { pointColumns, pointPages } from "../metrics/pages.ts";
import type { Context } from "./context.ts";
import { open } from "./open.ts";

/** What there are rows of. */
export const rowKinds = ["deliveries", "metrics"] as const;

export interface RowsArgs {
  format: "jsonl" | "csv";
  kind: (typeof rowKinds)[number];
  /** From so long ago on, until so long ago; all when left out. */
  sinceMs: number | undefined;
  untilMs: number | undefined;
}

/** Prints the rows of one kind. E_USAGE when they would have to end before they begin. */
export async function printRows(
  context: Context,
  { format, kind, sinceMs, untilMs = 0 }: RowsArgs,
): Promise<void> {
  if (sinceMs !== undefined && untilMs >= sinceMs)
    throw new SkepError("E_USAGE", "--until is not after --since", {
      hint: "Both say how long ago: --since 2h --until 1h is the hour before the last.",
    });
  const app = await open(context);
  const now = app.clock.now();
  const between = {
    since: sinceMs === undefined ? Number.MIN_SAFE_INTEGER : now - sinceMs,
    // What was written this very moment belongs to it.
    until: untilMs === 0 ? Number.MAX_SAFE_INTEGER : now - untilMs,
  };
  const isDeliveries = kind === "deliveries";
  const columns: readonly string[] = isDeliveries ? deliveryColumns : pointColumns;
  const pages: AsyncIterable<readonly object[]> = isDeliveries
    ? deliveryPages(app.store, between)
    : pointPages(await app.vitals(), between);
  // The end of the last line is written by `data`.
  const print = (text: string) => context.data(text.slice(0, -1));
  if (format === "csv") await print(csvRecord(columns));
  for await (const page of pages) {
    const rows = page as readonly Readonly<Record<string, Cell>>[];
    const lines = rows.map((row) =>
      format === "csv"
        ? csvRecord(columns.map((column) => row[column]!))
        : `${JSON.stringify(Object.fromEntries(columns.map((column) => [column, asJson(column, row[column]!)])))}\n`,
    );
    await print(lines.join(""));
  }
}

// Tags are an object, and its text where there are no objects.
function asJson(column: string, cell: Cell): unknown {
  return column === "tags" ? JSON.parse(cell as string) : cell;
}
