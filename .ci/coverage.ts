// What share of the lines in src/ the tests ran: `bun .ci/coverage.ts LCOV_FILE`; ends with 1 below the threshold.
// Bun's own threshold judges each file alone, its average weighs every file alike whatever its size, and a
// file that no test loads is in neither. Here lines are summed, and such a file counts with all of its own.
import { readFileSync } from "node:fs";
import { Glob, Transpiler } from "bun";

const threshold = 0.8;

const report = process.argv[2];
if (report === undefined) throw new Error("usage: bun .ci/coverage.ts LCOV_FILE");

let found = 0;
let hit = 0;
const seen = new Set<string>();
for (const record of readFileSync(report, "utf8").split("end_of_record")) {
  const path = /^SF:(src\/.*)$/m.exec(record)?.[1];
  if (path === undefined) continue;
  seen.add(path);
  found += Number(/^LF:(\d+)$/m.exec(record)?.[1] ?? 0);
  hit += Number(/^LH:(\d+)$/m.exec(record)?.[1] ?? 0);
}

const transpiler = new Transpiler({ loader: "ts" });
for (const path of new Glob("src/**/*.ts").scanSync(".")) {
  if (seen.has(path)) continue;
  const lines = codeLines(transpiler.transformSync(readFileSync(path, "utf8")));
  if (lines > 0) console.log(`no test loads ${path} (${lines} lines)`);
  found += lines;
}

const share = found === 0 ? 0 : hit / found;
console.log(`${hit} of ${found} lines in src/: ${(share * 100).toFixed(1)} %`);
if (share < threshold) {
  console.log(`The threshold is ${threshold * 100} %.`);
  process.exitCode = 1;
}

function codeLines(source: string): number {
  return source.split("\n").filter((line) => line.trim() !== "").length;
}
