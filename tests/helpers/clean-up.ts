// Loaded before the tests (bunfig.toml): under `bun test` no process hears its own exit, so this is said up front.
import { afterAll } from "bun:test";
import { removeTempDirs } from "./temp-dir.ts";

afterAll(removeTempDirs);
