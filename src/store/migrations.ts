// The migrations, embedded in the executable. A released one is never edited; a change is a new number.
import bus from "../../migrations/0001-bus.sql" with { type: "text" };
import agents from "../../migrations/0002-agents.sql" with { type: "text" };
import type { Migration } from "./migrate.ts";

export const migrations: readonly Migration[] = [bus, agents].map((sql, index) => ({
  version: index + 1,
  sql,
}));
