// A list of ids as one parameter: SQLite takes it as JSON, another database would take an array.
import type { Value } from "./store.ts";

export interface IdList {
  /** What stands in the parentheses of `id in (...)`. */
  sql: string;
  /** What `$ids` is to be. */
  value: Value;
}

/** `ids` as the parameter `$ids`. A single one is bound as it is, for unpacking a list takes as long as finding a row. */
export function idList(ids: readonly number[]): IdList {
  if (ids.length === 1) return { sql: "$ids", value: ids[0]! };
  return { sql: "select value from json_each($ids)", value: JSON.stringify(ids) };
}
