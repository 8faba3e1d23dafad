// A list of texts as one parameter: SQLite takes it as JSON, another database would take an array.
/** What stands in the parentheses of `name in (...)` for the list that is bound as `$list`. */
export function textsIn(list: string): string {
  return `select value from json_each($${list})`;
}

/** A table of the list that is bound as `$list`: its texts as `value`, in order, and their places from 0 on as `key`. */
export function textRows(list: string): string {
  return `json_each($${list})`;
}

/** `texts` as such a parameter. */
export function textList(texts: readonly string[]): string {
  return JSON.stringify(texts);
}
