// A list of ids as one parameter: SQLite takes it as JSON, another database would take an array.
import type { Value } from "./store.ts";

export interface IdList {
  /** What stands in the parentheses of `id in (...)`. */
  sql: string;
  value: Value;
}

/** `ids`, to be bound to `parameter` ("$ids"). A single one is bound as it is, for unpacking a list costs as much as ending a delivery. */
export function idList(parameter: string, ids: readonly number[]): IdList {
  if (ids.length === 1) return { sql: parameter, value: ids[0]! };
  return { sql: `select value from json_each(${parameter})`, value: JSON.stringify(ids) };
}
