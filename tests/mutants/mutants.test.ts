import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { all } from "./all.ts";
import { named } from "./named.ts";

const root = join(import.meta.dir, "..", "..");
const read = (file: string) => readFileSync(join(root, file), "utf8");

test("every mutant has a name of its own, and each of its edits changes one place of the program", () => {
  expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
  for (const { name, edits } of all)
    for (const { file, find, replace } of edits) {
      expect([name, file, read(file).split(find).length - 1]).toEqual([name, file, 1]);
      expect([name, replace === find]).toEqual([name, false]);
    }
});

test("the fourteen that were somebody's bug are there", () => {
  expect(named).toHaveLength(14);
});

test("a test that is to catch one is there", () => {
  for (const { name, catcher } of all)
    if ("test" in catcher)
      expect([name, read(catcher.test).includes(catcher.title)]).toEqual([name, true]);
});
