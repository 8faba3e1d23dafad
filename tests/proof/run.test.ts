import { expect, test } from "bun:test";
import { join } from "node:path";
import { randomOf } from "./random.ts";
import { planKills } from "./victims.ts";

test("a seed decides the same each time, and another one something else", () => {
  const decide = (seed: number) => planKills(50, randomOf(seed)).join();
  expect(decide(7)).toBe(decide(7));
  expect(decide(7)).not.toBe(decide(8));
});

test("everybody is killed at least once, and in the end only those that a living supervisor has to make good", () => {
  for (const count of [20, 300]) {
    const plan = planKills(count, randomOf(count));
    expect(plan).toHaveLength(count);
    expect(new Set(plan).size).toBe(6);
    const last = new Set(plan.slice(-count / 4));
    expect([...last].toSorted()).toEqual(["host", "program"]);
  }
});

test("a proof that there is not, or a count that is none, is a usage error that names those there are", async () => {
  for (const words of [
    ["no-such-proof"],
    ["--count", "0"],
    ["--nonsense"],
    ["kills", "--ops", "5"],
    ["--ops", "5"],
    ["history", "--ops", "5", "--count", "5"],
  ]) {
    const program = [process.execPath, join(import.meta.dir, "run.ts"), ...words];
    const child = Bun.spawn(program, { stdout: "pipe", stderr: "pipe" });
    const said = await child.stderr.text();
    expect(await child.exited).toBe(2);
    expect(said).toContain("usage: bun tests/proof/run.ts");
    for (const name of ["kills", "deaths", "calm", "downs", "failover"])
      expect(said).toContain(`  ${name} `);
  }
});

test("asked for help, it says what there is and proves nothing", async () => {
  const program = [process.execPath, join(import.meta.dir, "run.ts"), "--help"];
  const child = Bun.spawn(program, { stdout: "pipe", stderr: "pipe" });
  expect(await child.stderr.text()).toContain("usage: bun tests/proof/run.ts");
  expect(await child.stdout.text()).toBe("");
  expect(await child.exited).toBe(0);
});
