#!/usr/bin/env bun
// The entry of the executable; all it does is in src/.
import { main } from "../src/cli/main.ts";

await main(process.argv.slice(2));
