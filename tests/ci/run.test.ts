// The count that `.ci/run` ends with, on steps that do nothing and test reports of our choosing.
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, setDefaultTimeout, test } from "bun:test";
import { tempDir } from "../helpers/temp-dir.ts";

// Processes start slowly on a busy machine.
setDefaultTimeout(240_000);

// Ten steps besides the tests, and two tests in each of the three suites of other drivers and runtimes.
const steps = 10;
const suites = ["bus, with better-sqlite3", "bus, on Node", "bus, on Deno"];
const others = steps + 2 * suites.length;

interface Steps {
  tests: string;
  npmTest?: number;
  withBun?: number;
  /** The report of each of the other suites. */
  suite?: string;
}

const twoTests = '<testsuites><testcase name="a"/><testcase name="b"></testcase></testsuites>';

function run({ tests, npmTest = 0, withBun = 0, suite = twoTests }: Steps) {
  const root = tempDir();
  const script = (path: string, text: string) => {
    writeFileSync(join(root, path), `#!/bin/sh\n${text}\n`);
    chmodSync(join(root, path), 0o755);
  };
  mkdirSync(join(root, ".ci"));
  mkdirSync(join(root, "bin"));
  copyFileSync(join(import.meta.dir, "../../.ci/run"), join(root, ".ci/run"));
  script(".ci/set-up", "exit 0");
  script(
    ".ci/with-bun",
    `for word; do case $word in *suite.xml) printf '%s' '${suite}' > "\${word#*=}";; esac; done
exit ${withBun}`,
  );
  script("bin/shellcheck", "exit 0");
  script(
    "bin/npm",
    `[ "$1" = test ] || exit 0
for word; do case $word in --reporter-outfile=*) report=\${word#*=};; esac; done
printf '%s\\n' '<?xml version="1.0"?>' '${tests}' '  <testsuite name="x" tests="7" failures="7" skipped="7">' > "$report"
exit ${npmTest}`,
  );
  const { exitCode, stdout } = Bun.spawnSync(["bash", join(root, ".ci/run")], {
    env: { PATH: `${join(root, "bin")}:/usr/bin:/bin`, HOME: root },
  });
  const lines = stdout.toString().trimEnd().split("\n");
  return {
    exitCode,
    again: said(lines),
    last: lines.at(-1),
    failures: lines.filter((line) => line.startsWith("FAILED")),
  };
}

/** The lines between the last step and the sum. */
function said(lines: string[]): string[] {
  return lines.slice(lines.findLastIndex((line) => line === "") + 1, -1);
}

const report = (tests: number, failures: number, skipped: number) =>
  `<testsuites name="bun test" tests="${tests}" assertions="9" failures="${failures}" skipped="${skipped}" time="1.5">`;

test("every test counts as one and every other step as one", () => {
  expect(run({ tests: report(12, 0, 0) })).toEqual({
    exitCode: 0,
    again: [],
    last: `${12 + others} passed, 0 failed`,
    failures: [],
  });
});

test("a failed test is counted and fails the run", () => {
  expect(run({ tests: report(12, 2, 0), npmTest: 1 })).toMatchObject({
    exitCode: 1,
    last: `${10 + others} passed, 2 failed`,
    failures: [],
  });
});

test("a skipped test fails the run", () => {
  expect(run({ tests: report(12, 0, 3) })).toMatchObject({
    exitCode: 1,
    last: `${9 + others} passed, 3 failed`,
    failures: ["FAILED: 3 tests were skipped or left to do"],
  });
});

test("a run without a test, without a report, or that ends badly after good tests fails", () => {
  expect(run({ tests: report(0, 0, 0) }).failures).toEqual(["FAILED: no test ran"]);
  expect(run({ tests: "" }).failures).toEqual(["FAILED: no test ran"]);
  expect(run({ tests: report(5, 0, 0), npmTest: 9 }).failures).toEqual([
    "FAILED: tests ended with 9",
  ]);
});

test("a suite that fails, skips, or has no test fails the run", () => {
  const bad = twoTests.replace("></testcase>", "><failure/></testcase>");
  const { exitCode, last, failures } = run({ tests: report(1, 0, 0), suite: bad });
  expect([exitCode, last]).toEqual([1, `${1 + steps + 3} passed, 3 failed`]);
  expect(failures).toEqual(suites.map((one) => `FAILED: ${one}: 1 of 2 failed or were skipped`));
  const skipped = twoTests.replace("></testcase>", "><skipped /></testcase>");
  expect(run({ tests: report(1, 0, 0), suite: skipped }).failures).toEqual(failures);
  const none = run({ tests: report(1, 0, 0), suite: "" }).failures;
  expect(none).toEqual(suites.map((one) => `FAILED: ${one}: no test ran`));
});

test("a failed step is named and fails the run", () => {
  const { exitCode, failures, last } = run({ tests: report(1, 0, 0), withBun: 1 });
  expect(exitCode).toBe(1);
  expect(failures).toEqual(
    [
      "dependencies",
      "format",
      "lint",
      "types",
      ...suites.map((one) => `${one} ended with 1`),
      "coverage",
    ].map((title) => `FAILED: ${title}`),
  );
  expect(last).toBe(`${1 + others - 5} passed, 8 failed`);
});

test("what failed is named once more before the sum", () => {
  const cases = [
    '<testcase name="good" file="tests/x.test.ts"/>',
    '<testcase name="bad" classname="d" file="tests/x.test.ts"><failure/></testcase>',
    '<testcase name="left out" file="tests/y.test.ts"><skipped /></testcase>',
  ].join("' '");
  const suite = twoTests.replace("></testcase>", "><failure/></testcase>");
  const { again } = run({ tests: `${report(3, 1, 1)}' '${cases}`, suite, npmTest: 1 });
  expect(again).toEqual([
    "failed: tests/x.test.ts: bad",
    "failed: tests/y.test.ts: left out",
    ...suites.map((one) => `failed: ${one}: b`),
  ]);
  const broken = run({ tests: report(1, 0, 0), withBun: 1 });
  expect(broken.again).toEqual(broken.failures.map((line) => line.replace("FAILED", "failed")));
});
