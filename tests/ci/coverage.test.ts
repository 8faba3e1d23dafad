// The share of lines that `.ci/coverage.ts` finds, on a tree and a report of our choosing.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, setDefaultTimeout, test } from "bun:test";
import { tempDir } from "../helpers/temp-dir.ts";

// Processes start slowly on a busy machine.
setDefaultTimeout(240_000);

function coverage(files: Record<string, string>, report: string) {
  const root = tempDir();
  mkdirSync(join(root, "src/bus"), { recursive: true });
  for (const [path, text] of Object.entries(files)) writeFileSync(join(root, path), text);
  writeFileSync(join(root, "lcov.info"), report);
  const script = join(import.meta.dir, "../../.ci/coverage.ts");
  const { exitCode, stdout } = Bun.spawnSync([process.execPath, script, "lcov.info"], {
    cwd: root,
  });
  return { exitCode, lines: stdout.toString().trim().split("\n") };
}

const record = (path: string, found: number, hit: number) =>
  `TN:\nSF:${path}\nFNF:1\nLF:${found}\nLH:${hit}\nend_of_record\n`;

const threeLines = "export const a = 1;\nexport const b = 2;\nexport const c = 3;\n";

test("lines are summed over files, and files outside src/ left out", () => {
  const report =
    record("src/a.ts", 10, 2) + record("src/bus/b.ts", 90, 88) + record("bin/c.ts", 900, 0);
  expect(coverage({}, report)).toEqual({ exitCode: 0, lines: ["90 of 100 lines in src/: 90.0 %"] });
});

test("less than four fifths fail", () => {
  expect(coverage({}, record("src/a.ts", 100, 80)).exitCode).toBe(0);
  expect(coverage({}, record("src/a.ts", 100, 79)).exitCode).toBe(1);
  expect(coverage({}, "").exitCode).toBe(1);
});

test("a file that no test loads counts with all its lines; one of types only has none", () => {
  const files = { "src/lost.ts": threeLines, "src/types.ts": "export interface A { b: string }\n" };
  expect(coverage(files, record("src/a.ts", 9, 9))).toEqual({
    exitCode: 1,
    lines: [
      "no test loads src/lost.ts (3 lines)",
      "9 of 12 lines in src/: 75.0 %",
      "The threshold is 80 %.",
    ],
  });
});
