// The SQLite library that a test run is about.
import type { Driver } from "../../src/store/driver.ts";
import { betterDriver } from "../../src/store/driver-better.ts";
import { runtimeDriver } from "../../src/store/runtime-driver.ts";

/** The one of this runtime; with TEST_DRIVER=better in the environment it is better-sqlite3, under Bun too. */
export const testDriver: Driver =
  process.env["TEST_DRIVER"] === "better" ? betterDriver : runtimeDriver;
