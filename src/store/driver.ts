// The smallest shape of a SQLite library that the store needs. Every call is synchronous.
import type { Changes, Params, Table } from "./store.ts";

export interface Statement {
  run(params: Params): Changes;
  get(params: Params): unknown;
  all(params: Params): unknown[];
}

export interface Connection {
  /** Runs statements that take no parameters and return nothing. */
  exec(sql: string): void;
  prepare(sql: string): Statement;
  /** What one statement that takes no parameters answers. */
  table(sql: string): Table;
  close(): void;
}

export interface Driver {
  /** Opens `path`, which must exist. Throws what the library throws; `errors.ts` translates it. */
  open(path: string, options: { readonly: boolean }): Connection;
}
