// Rows as one parameter, so that one statement writes any number of them: SQLite takes it as JSON, another database
// would take an array for each column.

/** What stands behind `from` for the rows that are bound as `$list`, whose values are called `columns` in their order. */
export function rowsOf(list: string, columns: readonly string[]): string {
  const values = columns.map((column, place) => `json_extract(value, '$[${place}]') as ${column}`);
  return `(select ${values.join(", ")} from json_each($${list}))`;
}

/** `rows` as such a parameter. */
export function rowList(rows: readonly (readonly (string | number | null)[])[]): string {
  return JSON.stringify(rows);
}
