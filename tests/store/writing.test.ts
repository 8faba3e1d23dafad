import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { writingFault } from "../../src/store/writing.ts";
import { tempDir } from "../helpers/temp-dir.ts";

test("where something can be written nothing stays behind, there or not", () => {
  const there = tempDir();
  expect(writingFault(there)).toBeUndefined();
  expect(writingFault(join(there, "not", "yet"))).toBeUndefined();
  expect(readdirSync(there)).toEqual([]);
});
test("where nothing can be, that is said of the home, for root too, whose rights are no obstacle", () => {
  for (const path of ["/proc/skep", "/proc/self/fd/skep", "/sys/skep"]) {
    const { code, message } = writingFault(path)!;
    expect(["E_HOME", "E_READONLY"]).toContain(code);
    expect(message).toMatch(new RegExp(`^${path} cannot be created or written \\(E[A-Z]+\\)$`));
  }
});
