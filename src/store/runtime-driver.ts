// The SQLite library of this runtime. Two libraries in one process must never open the same file: the one that
// closes it drops the locks of the other.
import { betterDriver } from "./driver-better.ts";
import { bunDriver } from "./driver-bun.ts";
import type { Driver } from "./driver.ts";

/** bun:sqlite under Bun, better-sqlite3 under Node and Deno. */
export const runtimeDriver: Driver = process.versions.bun === undefined ? betterDriver : bunDriver;
