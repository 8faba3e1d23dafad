import { expect, test } from "bun:test";
import { openTurns } from "../../src/core/turns.ts";

/** Work that is done when it is let go, and what has begun of it. */
function works() {
  const begun: number[] = [];
  const letGo: (() => void)[] = [];
  const work = (n: number) => async () => {
    begun.push(n);
    await new Promise<void>((resolve) => (letGo[n] = resolve));
    return n;
  };
  return { begun, letGo, work };
}

test("so many at once, the others in the order they came, and each when one is done", async () => {
  const { take } = openTurns(2);
  const { begun, letGo, work } = works();
  const all = [0, 1, 2, 3].map((n) => take(work(n)));
  expect(begun).toEqual([0, 1]);
  letGo[1]!();
  expect(await all[1]).toBe(1);
  await Promise.resolve();
  expect(begun).toEqual([0, 1, 2]);
  letGo[0]!();
  letGo[2]!();
  await all[2];
  await all[0];
  letGo[3]!();
  expect(await Promise.all(all)).toEqual([0, 1, 2, 3]);
});

test("one that fails gives its turn to the next all the same", async () => {
  const { take } = openTurns(1);
  const failing = take(() => Promise.reject(new Error("no")));
  const next = take(async () => "next");
  await expect(failing).rejects.toThrow("no");
  expect(await next).toBe("next");
});

test("without a number nobody waits", async () => {
  const { take } = openTurns();
  const { begun, letGo, work } = works();
  const all = [0, 1, 2].map((n) => take(work(n)));
  expect(begun).toEqual([0, 1, 2]);
  for (const go of letGo) go();
  await Promise.all(all);
});

test("when fewer may go on than do, nobody begins until there are fewer; when more may, as many as may", async () => {
  let most = 3;
  const { take } = openTurns(() => most);
  const { begun, letGo, work } = works();
  const all = [0, 1, 2, 3, 4, 5, 6].map((n) => take(work(n)));
  expect(begun).toEqual([0, 1, 2]);
  most = 1;
  letGo[0]!();
  letGo[1]!();
  await Promise.all([all[0], all[1]]);
  expect(begun).toEqual([0, 1, 2]);
  letGo[2]!();
  await all[2];
  expect(begun).toEqual([0, 1, 2, 3]);
  most = 3;
  letGo[3]!();
  await all[3];
  expect(begun).toEqual([0, 1, 2, 3, 4, 5, 6]);
  for (const n of [4, 5, 6]) letGo[n]!();
  await Promise.all(all);
});
