import { closeSync, openSync } from "node:fs";
import { expect, test } from "bun:test";
import { isTerminal } from "../../src/cli/terminal.ts";

test("neither a file nor a device that is none is a terminal", async () => {
  for (const path of [import.meta.path, "/dev/null"]) {
    const fd = openSync(path, "r");
    expect(await isTerminal(fd)).toBe(false);
    closeSync(fd);
  }
});
