// Each house rule shown something that breaks it and the same thing done right: a rule that cannot say no
// guards nothing.
import { describe, expect, test } from "bun:test";
import { type SourceFile, importsOf, literalsOf, withoutComments } from "./source-file.ts";
import {
  barrels,
  misplacedModules,
  missingEndings,
  reservedWords,
  strangeTables,
  tableOwners,
  tooLong,
  wrongArrows,
} from "./tidy-rules.ts";
import {
  brokenImports,
  cycles,
  looseVersions,
  strangersAtTheTop,
  strayTests,
  unsoundLocks,
  unusedFiles,
} from "./tidy-tree.ts";

const owners = tableOwners([
  file("migrations/0001-bus.sql", "create table meta (key text);\ncreate table letters (a int);"),
  file("migrations/0002-agents.sql", "create table agents (name text);\ncreate view seen as"),
  file("migrations/vitals/0001-heartbeats.sql", "create table heartbeats (agent text);"),
]);

interface Proof {
  rule: string;
  judge: (file: SourceFile) => string[];
  bad: [path: string, text: string][];
  good: [path: string, text: string][];
}

const proofs: Proof[] = [
  {
    rule: "imports that point up, sideways or out are refused",
    judge: wrongArrows,
    bad: [
      ["src/store/a.ts", 'import { b } from "../bus/b.ts";'],
      ["src/core/a.ts", 'import type { B } from "../store/b.ts";'],
      ["src/bus/a.ts", 'import { b } from "../agents/b.ts";'],
      ["src/agents/a.ts", 'export { b } from "../bus/b.ts";'],
      ["src/bus/a.ts", 'const b = await import("../config/b.ts");'],
      ["src/bus/a.ts", 'import "../app.ts";'],
      ["src/hosts/a.ts", 'import {\n  b,\n  c,\n} from "../config/b.ts";'],
      ["src/config/a.ts", 'let b: typeof import("../store/b.ts");'],
      ["src/cli/a.ts", 'import { b } from "../store/b.ts";'],
      ["src/cli/a.ts", 'import { b } from "../web/b.ts";'],
      ["src/cli/commands/a.ts", 'import { b } from "./b.ts";'],
      ["src/hosts/runners/a.ts", 'import { b } from "./b.ts";'],
      ["src/bus/a.ts", 'import { b } from "../../tests/helpers/b.ts";'],
      ["src/elsewhere/a.ts", ""],
    ],
    good: [
      ["src/bus/a.ts", 'import { b } from "../store/b.ts";\nimport { c } from "./c.ts";'],
      ["src/bus/a.ts", '// import { b } from "../agents/b.ts";\n/*\nimport "../app.ts";\n*/'],
      ["src/app.ts", 'import { b } from "./bus/b.ts";'],
      ["src/cli/commands/a.ts", 'import { b } from "../../app.ts";\nimport "../print.ts";'],
      ["src/cli/a.ts", 'import { type B, type C } from "../store/b.ts";'],
      ["src/store/a.ts", 'import sql from "../../migrations/0001-bus.sql" with { type: "text" };'],
      ["tests/bus/a.test.ts", 'import { b } from "../../src/agents/b.ts";'],
    ],
  },
  {
    rule: "the environment, the clock and the exit are refused outside their place",
    judge: reservedWords,
    bad: [
      ["src/bus/a.ts", "process.env.HOME"],
      ["bin/a.ts", 'process.env["HOME"]'],
      ["src/bus/a.ts", "Bun.env.HOME"],
      ["src/bus/a.ts", "Date.now()"],
      ["src/config/a.ts", "new Date()"],
      ["src/bus/a.ts", "performance.now()"],
      ["src/bus/a.ts", "process.hrtime.bigint()"],
      ["src/cli/commands/a.ts", "process.exit(1)"],
      ["src/bus/a.ts", "const quote = /[\"'`]/;\nDate.now()"],
    ],
    good: [
      ["src/config/a.ts", "process.env.HOME"],
      ["src/core/clock.ts", "Date.now() + performance.now()"],
      ["src/cli/main.ts", "process.exit(1)"],
      ["src/cli/commands/a.ts", "process.exitCode = 1;"],
      ["bin/a.ts", "process.exit(performance.now())"],
      ["src/bus/a.ts", "// Date.now() is read elsewhere.\nclock.now()"],
      ["tests/a.test.ts", "Date.now(); process.env.HOME"],
    ],
  },
  {
    rule: "drivers outside their place and packages that are no dependencies are refused",
    judge: (source) => misplacedModules(source, ["valibot", "citty"]),
    bad: [
      ["src/bus/a.ts", 'import { Database } from "bun:sqlite";'],
      ["src/bus/a.ts", 'process.getBuiltinModule?.("bun:ffi")'],
      ["src/bus/a.ts", 'import { env } from "node:process";'],
      ["src/bus/a.ts", 'import { runCommand } from "citty";'],
      ["src/bus/a.ts", 'import { chunk } from "lodash/fp";'],
      ["src/bus/a.ts", 'import { readFileSync } from "fs";'],
    ],
    good: [
      ["src/store/driver-bun.ts", 'import { Database } from "bun:sqlite";'],
      ["src/config/a.ts", 'import * as v from "valibot";'],
      ["src/cli/a.ts", 'import { runCommand } from "citty";\nimport { join } from "node:path";'],
    ],
  },
  {
    rule: "tables named outside the folder that owns them are refused, and SQL in a door",
    judge: (source) => strangeTables(source, owners),
    bad: [
      ["src/agents/a.ts", "tx.all(`select a\n  from letters`)"],
      ["src/bus/a.ts", 'tx.run("update agents set name = $name")'],
      ["src/metrics/a.ts", "tx.run('delete from letters')"],
      ["src/hosts/a.ts", "tx.run(`insert into letters (a) values (1)`)"],
      ["src/bus/a.ts", 'tx.run("delete from heartbeats")'],
      ["src/agents/a.ts", "tx.all(`select 1 from agents join letters on true`)"],
      ["src/metrics/a.ts", 'tx.get("select key from meta")'],
      ["src/cli/a.ts", 'tx.all("select * from seen")'],
    ],
    good: [
      ["src/bus/a.ts", "tx.all(`select a from letters`)"],
      ["src/agents/a.ts", 'tx.get("select name from agents, meta")'],
      ["src/agents/a.ts", 'tx.run("delete from heartbeats")'],
      ["src/store/a.ts", 'tx.get("select value from meta")'],
      ["src/metrics/a.ts", 'tx.all("select * from seen")'],
      ["src/cli/a.ts", 'say("no answer from agents")'],
      ["src/agents/a.ts", "// select a from letters"],
      ["tests/a.test.ts", "tx.all(`select a from letters`)"],
    ],
  },
  {
    rule: "files of more than 300 lines are refused",
    judge: tooLong,
    bad: [["src/a.ts", "line\n".repeat(301)]],
    good: [["src/a.ts", "line\n".repeat(300)]],
  },
  {
    rule: "imports of our own without an ending are refused",
    judge: missingEndings,
    bad: [
      ["src/bus/a.ts", 'import { b } from "./b";'],
      ["src/bus/a.ts", 'import { b } from "..";'],
      ["src/bus/a.ts", 'const { b } = await import("./b");'],
    ],
    good: [["src/bus/a.ts", 'import { b } from "./b.ts";\nimport { c } from "valibot";']],
  },
  {
    rule: "files that hand on what others export, or are called after nothing, are refused",
    judge: barrels,
    bad: [
      ["src/bus/a.ts", 'export * from "./b.ts";'],
      ["src/bus/a.ts", 'export type { B } from "./b.ts";'],
      ["src/bus/index.ts", "export const a = 1;"],
      ["src/bus/utils.ts", "export const a = 1;"],
    ],
    good: [["src/bus/a.ts", 'import { b } from "./b.ts";\nexport const a = b;']],
  },
];

describe("the rules about a file", () => {
  for (const { rule, judge, bad, good } of proofs)
    test(rule, () => {
      const answers = (cases: Proof["bad"]) =>
        cases.map(([path, text]) => [path, text, judge(file(path, text)).length]);
      expect(answers(bad)).toEqual(bad.map((shown) => [...shown, 1]));
      expect(answers(good)).toEqual(good.map((shown) => [...shown, 0]));
    });
});

describe("the rules about the tree", () => {
  const a = file("src/a.ts", 'import { b } from "./b.ts";');
  const b = file("src/b.ts", 'import type { C } from "./bus/c.ts";');
  const c = file("src/bus/c.ts", "export type C = 1;");
  const ring = file("src/bus/c.ts", 'import { b } from "../b.ts";');

  test("a ring of imports is told once, and a tree is none", () => {
    expect(cycles([a, b, ring])).toEqual(["src/b.ts -> src/bus/c.ts -> src/b.ts"]);
    expect(cycles([a, b, c])).toEqual([]);
  });
  test("a file or migration that nothing leads to is told", () => {
    const migration = file("migrations/0001-bus.sql", "");
    expect(unusedFiles([a, b, c], "src/a.ts")).toEqual([]);
    expect(unusedFiles([a, c, migration], "src/a.ts")).toHaveLength(2);
  });
  test("an import of a file that is not there is told", () => {
    expect(brokenImports([a], () => true)).toEqual([]);
    expect(brokenImports([a], () => false)).toEqual(["src/a.ts:1: no src/b.ts"]);
  });
  test("a test without the source it mirrors is told; other folders are free", () => {
    const free = ["tests/contract/driver.test.ts", "tests/tidy.test.ts"];
    expect(strayTests(["tests/bus/c.test.ts", "src/bus/c.ts", ...free], ["bus"])).toEqual([]);
    expect(strayTests(["tests/bus/d.test.ts", "src/bus/c.ts"], ["bus"])).toHaveLength(1);
  });
  test("a stranger at the top is told", () => {
    expect(strangersAtTheTop(["src", "LICENSE", ".ci", "dist"], ["dist"])).toEqual([]);
    expect(strangersAtTheTop(["scripts", "bun.lock"], ["dist"])).toHaveLength(2);
  });
  test("a range among the dependencies is told", () => {
    expect(looseVersions({ dependencies: { a: "1.2.3", b: "2.0.0-rc.1" } })).toEqual([]);
    expect(looseVersions({ dependencies: { a: "^1.2.3" } })).toHaveLength(1);
    expect(looseVersions({ devDependencies: { b: "latest", c: "1.2" } })).toHaveLength(2);
  });
  test("a lock file that names a host or lacks a checksum is told", () => {
    const root = { "": {} };
    expect(unsoundLocks({ packages: { ...root, a: { integrity: "x" } } })).toEqual([]);
    expect(unsoundLocks({ packages: { ...root, a: {} } })).toHaveLength(1);
    expect(
      unsoundLocks({ packages: { ...root, a: { integrity: "x", resolved: "https://h/a" } } }),
    ).toHaveLength(1);
  });
});

describe("the reader of source files", () => {
  test("comments are blanked out without moving a line, and strings are left alone", () => {
    expect(withoutComments('a("// no") // yes\n/* y\ny */ b')).toBe(
      'a("// no")       \n    \n     b',
    );
    expect(withoutComments("/[\"'`]/.test(x) // yes")).toBe("/[\"'`]/.test(x)       ");
    expect(withoutComments("a / b / c // yes")).toBe("a / b / c       ");
  });
  test("imports are told with their line, and whether only types are meant", () => {
    const text =
      'import a, { type B } from "a";\nimport type { C } from "c";\nimport { type D } from "d";\nexport * from "./e.ts";\nawait import("./f.ts");\n`\nimport "./g.ts"`';
    expect(importsOf(file("src/a.ts", text))).toEqual([
      { specifier: "a", line: 1, typeOnly: false, reexport: false },
      { specifier: "c", line: 2, typeOnly: true, reexport: false },
      { specifier: "d", line: 3, typeOnly: true, reexport: false },
      { specifier: "./e.ts", line: 4, typeOnly: false, reexport: true },
      { specifier: "./f.ts", line: 5, typeOnly: false, reexport: false },
    ]);
  });
  test("strings and templates are told with their line", () => {
    expect(literalsOf(file("src/a.ts", 'a("x", `y\nz`)\n// "no"\n"w"'))).toEqual([
      { text: "x", line: 1 },
      { text: "y\nz", line: 1 },
      { text: "w", line: 4 },
    ]);
  });
});

function file(path: string, text: string): SourceFile {
  return { path, text };
}
