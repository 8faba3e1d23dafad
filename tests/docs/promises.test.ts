// docs/promises.md by the letter: every promise of the README is there, and all that is said to guard or to break it.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { all } from "../mutants/all.ts";

const root = join(import.meta.dir, "..", "..");
const read = (path: string) => readFileSync(join(root, path), "utf8");
const page = read("docs/promises.md");
const sections = page
  .split(/^## /m)
  .slice(1)
  .filter((section) => /^\d/.test(section));
const guardsIn = (text: string) =>
  [...text.matchAll(/^- `([^`]+)`: (.+)$/gm)].map(([, path, title]) => ({
    path: path!,
    title: title!,
  }));
const mutantsIn = (text: string) =>
  [...text.matchAll(/^- mutant: (.+)$/gm)].map(([, name]) => name!);

test("every promise of the README has its section, in its own words, and the README leads there", () => {
  const readme = read("README.md");
  const promises = [...readme.matchAll(/^\d+\. \*\*(.+?)\.?\*\*/gm)].map(([, words]) => words!);
  expect(promises.length).toBe(10);
  const heads = sections.map((section) => /^\d+\. (.+)$/m.exec(section)![1]!);
  expect(heads).toEqual(promises);
  expect(readme).toContain("](docs/promises.md)");
  for (const section of sections) {
    const words = /^> (.+)$/m.exec(section)![1]!;
    // What is left out of a promise may be left out here, a sentence at a time.
    for (const sentence of words.split(/(?<=\.) /))
      expect(withoutMarks(readme)).toContain(withoutMarks(sentence).replace(/\.$/, ""));
  }
});

test("every promise has a test that guards it and a mutant that breaks it", () => {
  for (const section of sections) {
    expect(guardsIn(section)).not.toEqual([]);
    expect(mutantsIn(section)).not.toEqual([]);
  }
});

test("every file and every test that is named is there", () => {
  for (const { path, title } of guardsIn(page)) {
    expect([path, existsSync(join(root, path))]).toEqual([path, true]);
    expect([path, read(path).includes(JSON.stringify(title))]).toEqual([path, true]);
  }
});

test("every mutant that is named is there, and every one that is there is named", () => {
  const names = all.map(({ name }) => name);
  expect([...new Set(mutantsIn(page))].toSorted()).toEqual(names.toSorted());
});

/** Without the marks of the page, and as if every sentence began small. */
function withoutMarks(text: string): string {
  return text.replaceAll(/[*`]/g, "").toLowerCase();
}
