import { expect, setDefaultTimeout, test } from "bun:test";
import { randomOf } from "../proof/random.ts";
import { lone } from "./catchers.ts";
import { hunt } from "./hunt.ts";
import { logic } from "./logic.ts";
import type { Mutant } from "./mutant.ts";

// Whole programs are started.
setDefaultTimeout(240_000);

const mutant: Mutant = {
  name: "one",
  wrong: "a number is not what it was",
  edits: [
    {
      file: "src/bus/rate.ts",
      find: "return Math.max(1, Math.ceil(perS));",
      replace: "return 7;",
    },
  ],
  catcher: { test: "tests/bus/rate.test.ts", title: "when nobody says how many" },
};
const random = randomOf(1);

test("what is wrong is noticed by the test that is to notice it", async () => {
  expect(await hunt(mutant, random)).toMatchObject({
    by: "the test when nobody says how many",
    runs: 1,
  });
});

test("what only a certain order of things shows is noticed by a simulation", async () => {
  const one = logic.find(({ name }) => name === "question that outlives its asker")!;
  expect((await hunt(one, random)).by).toMatch(/^a simulation, in \d+ seeds$/);
});

test("a mutant that is none is not caught", async () => {
  const edits = [{ ...mutant.edits[0]!, replace: "return Math.max(1, Math.ceil(perS) + 0);" }];
  expect(await hunt({ ...mutant, edits }, random)).toMatchObject({
    by: undefined,
    problem: undefined,
  });
});

test("one that does not apply, or in two places, is not caught, and why is said", async () => {
  for (const [find, count] of [
    ["no such line", "no"],
    ["return", "more than one"],
  ] as const) {
    const edits = [...mutant.edits, { ...mutant.edits[0]!, find }];
    expect((await hunt({ ...mutant, edits }, random)).problem).toBe(
      `it does not apply: src/bus/rate.ts has ${count} ${JSON.stringify(find)}`,
    );
  }
});

test("one that only breaks the run is not caught", async () => {
  const broken = { ...mutant, catcher: { test: "tests/no-such.test.ts", title: "none" } };
  expect(await hunt(broken, random)).toMatchObject({
    by: undefined,
    problem: expect.stringContaining("it ended with 1"),
  });
});

test("one that other checks notice, and not the one that is to, is not caught", async () => {
  const reversed = {
    ...mutant,
    edits: [
      {
        file: "src/bus/claim.ts",
        find: "order by d.priority desc, d.id limit",
        replace: "order by d.priority, d.id limit",
      },
    ],
  };
  const run = (check: string) => hunt({ ...reversed, catcher: lone(check, 100) }, random, 3);
  expect(await run("order")).toMatchObject({ by: "order", problem: undefined });
  expect(await run("idempotency")).toMatchObject({
    by: undefined,
    problem: "only other checks noticed: order",
  });
});
