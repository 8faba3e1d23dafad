import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { more, named } from "./bus.ts";
import { logic } from "./logic.ts";

const root = join(import.meta.dir, "..", "..");
const read = (file: string) => readFileSync(join(root, file), "utf8");
const all = [...named, ...more, ...logic];

test("every mutant has a name of its own, and changes one place of the program", () => {
  expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
  for (const { name, file, find, replace } of all) {
    expect([name, read(file).split(find).length - 1]).toEqual([name, 1]);
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
