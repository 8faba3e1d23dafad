import { expect, setDefaultTimeout, test } from "bun:test";
import { search, tell } from "./search.ts";
import { planOf, simulate } from "./simulate.ts";
import { newGround } from "./world.ts";

// The machine may have other things to do.
setDefaultTimeout(240_000);

const some = Array.from({ length: 100 }, (_, index) => index + 1);

test("in a hundred worlds the bus does what the model does", async () => {
  const { found, seeds } = await search(some);
  expect(found && tell(found)).toBeUndefined();
  expect(seeds).toBe(100);
});

test("a seed decides the same world each time, and another one something else", async () => {
  const ground = newGround();
  const storyOf = async (seed: number) => {
    const plan = planOf(seed);
    const last = plan.at(-1)!;
    const stops = {
      ...last,
      step: { name: "stop", weight: 0, run: () => Promise.reject(new Error("here")) },
    };
    const { story } = (await simulate(newGround(), seed, [...plan, stops]))!;
    // Receipts bear numbers that nobody can know before.
    return story.join("\n").replaceAll(/(\d+\.\d+)\.\d+/g, "$1");
  };
  const first = await storyOf(7);
  expect(await storyOf(7)).toBe(first);
  // Also behind another one on the same ground.
  await simulate(ground, 8, planOf(8));
  expect(await storyOf(8)).not.toBe(first);
  await ground.database.store.close();
});

test("what breaks is told with the shortest story, and how to see it again", async () => {
  expect(
    tell({ seed: 5, steps: 30, broken: { what: "it is lost", at: 1, story: ["a1 sends"] } }),
  ).toBe(
    [
      "seed 5 breaks at step 1 of those that matter (30 before the others were cut): it is lost",
      "  1. a1 sends",
      "again: bun tests/simulation/run.ts --seed 5",
    ].join("\n"),
  );
});
