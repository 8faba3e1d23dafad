import { expect, test } from "bun:test";
import { type LoadWindow, emptyWindow, lookAtLoad } from "../../src/agents/load-window.ts";

interface Second {
  load: number | null;
  isStarting?: boolean;
}

/** The mean after each second of `all`. */
function means(all: readonly Second[], from: LoadWindow = emptyWindow, at = 1): (number | null)[] {
  let window = from;
  return all.map(({ load, isStarting = false }, second) => {
    const tick = (at + second) * 1_000;
    window = lookAtLoad(window, { tick, load, windowMs: 10_000, isStarting });
    return window.mean;
  });
}

const seconds = (count: number, load: number, isStarting = false): Second[] =>
  Array.from({ length: count }, () => ({ load, isStarting }));

test("the load is the mean of the last 10 s, and nothing before they are full", () => {
  const all = means([...seconds(10, 900), ...seconds(10, 100)]);
  expect(all.slice(0, 10)).toEqual(Array(10).fill(null));
  expect(all[10]).toBe(820);
  expect(all.at(-1)).toBe(100);
});

test("what stands in line while agents start does not count, and what was known before holds", () => {
  expect(means(seconds(60, 2_000, true)).at(-1)).toBeNull();
  const all = means([...seconds(11, 300), ...seconds(20, 2_000, true), ...seconds(11, 200)]);
  expect(all[10]).toBe(300);
  expect(all.slice(11, 41)).toEqual(Array(30).fill(300));
  expect(all.at(-1)).toBe(200);
});

test("a machine that does not say it, now or ever, leaves what was known", () => {
  const silent = Array.from({ length: 20 }, () => ({ load: null }));
  expect(means(silent).at(-1)).toBeNull();
  expect(means([...seconds(11, 300), { load: null }]).at(-1)).toBe(300);
});

test("one look after a long sleep says nothing", () => {
  let window: LoadWindow = emptyWindow;
  const look = (tick: number, load: number) =>
    (window = lookAtLoad(window, { tick, load, windowMs: 10_000, isStarting: false }));
  for (let second = 1; second <= 11; second++) look(second * 1_000, 100);
  expect(look(600_000, 5_000).mean).toBe(100);
  expect(look(601_000, 5_000).mean).toBe(100);
});
