// The house rules, held by a test instead of by memory. helpers/tidy.test.ts proves that each can go red.
import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import type { SourceFile } from "./helpers/source-file.ts";
import {
  barrels,
  mayImport,
  misplacedModules,
  missingEndings,
  reservedWords,
  strangeTables,
  tableOwners,
  tooLong,
  wrongArrows,
} from "./helpers/tidy-rules.ts";
import {
  brokenImports,
  cycles,
  looseVersions,
  strangersAtTheTop,
  strayTests,
  unsoundLocks,
  unusedFiles,
} from "./helpers/tidy-tree.ts";

const root = join(import.meta.dir, "..");
const files = ["src", "bin", "tests", "bench", "examples"].flatMap((folder) => filesBelow(folder));
const migrations = filesBelow("migrations");
const typescript = files.filter(({ path }) => path.endsWith(".ts"));
const manifest = JSON.parse(read("package.json"));

test("imports point down only, and never sideways", () => {
  expect(typescript.flatMap(wrongArrows)).toEqual([]);
});
test("no files import one another in a ring", () => {
  expect(cycles(typescript)).toEqual([]);
});
test("every import of our own names a file that is there, with its ending", () => {
  expect(typescript.flatMap(missingEndings)).toEqual([]);
  expect(brokenImports(typescript, (path) => existsSync(join(root, path)))).toEqual([]);
});
test("packages and drivers are imported where they belong, and only dependencies are", () => {
  const dependencies = Object.keys(manifest.dependencies);
  expect(typescript.flatMap((file) => misplacedModules(file, dependencies))).toEqual([]);
});
test("the environment, the clock and the exit are touched in one place each", () => {
  expect(typescript.flatMap(reservedWords)).toEqual([]);
});
test("SQL names a table only in the folder that owns it, and doors hold none", () => {
  const owners = tableOwners(migrations);
  expect(owners.size).toBeGreaterThan(0);
  expect([...owners].filter(([, parts]) => !parts.every((part) => part in mayImport))).toEqual([]);
  expect(typescript.flatMap((file) => strangeTables(file, owners))).toEqual([]);
});
test("every source file and migration is used by the executable", () => {
  expect(unusedFiles([...typescript, ...migrations], "bin/skep.ts")).toEqual([]);
});
test("no file only hands on what others do", () => {
  expect(typescript.flatMap(barrels)).toEqual([]);
});
test("no file has more than 300 lines", () => {
  expect(files.flatMap(tooLong)).toEqual([]);
});
test("tests lie at the path of what they test", () => {
  const paths = typescript.map(({ path }) => path);
  expect(strayTests(paths, Object.keys(mayImport))).toEqual([]);
});
test("the top of the repository holds what the design allows", () => {
  const ignored = read(".gitignore")
    .split("\n")
    .map((line) => line.replace(/\/$/, ""));
  expect(strangersAtTheTop(readdirSync(root), ignored)).toEqual([]);
});
test("dependencies are pinned to one version", () => {
  expect(looseVersions(manifest)).toEqual([]);
});
test("the lock file has checksums, and no host names", () => {
  expect(unsoundLocks(JSON.parse(read("package-lock.json")))).toEqual([]);
});

function filesBelow(folder: string): SourceFile[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((path) => statSync(join(root, path)).isFile())
    .map((path) => ({ path, text: read(path) }));
}

function read(path: string): string {
  return readFileSync(join(root, path), "utf8");
}
