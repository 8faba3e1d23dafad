import { expect, test } from "bun:test";
import { shareAvailable } from "../../src/core/machine.ts";
import { loadIn, openStrain, pressureIn } from "../../src/core/strain.ts";

test("the load is what runs or waits besides whoever looks, to each processor", () => {
  expect(loadIn("3.44 1.96 0.88 9/142 12011\n", 2)).toBe(400);
  expect(loadIn("0.00 0.01 0.05 1/80 7\n", 64)).toBe(0);
  // A kernel that is not Linux, and says that nothing runs.
  expect(loadIn("0.52 0.58 0.59 0/5 4\n", 4)).toBe(0);
});

test("the pressure is the share of the last 10 s in which some task waited", () => {
  const text =
    "some avg10=34.27 avg60=12.02 avg300=3.30 total=4494598\nfull avg10=9.11 avg60=0.08 avg300=0.17 total=3055926\n";
  expect(pressureIn(text)).toBe(34.27);
  expect(pressureIn("some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n")).toBe(0);
});

test("memory is what can still be had of all there is", () => {
  const text = "MemTotal:       24683620 kB\nMemFree:  1 kB\nMemAvailable:    2468362 kB\n";
  expect(shareAvailable(text)).toBe(10);
});

test("what a file does not say, or says in a way that makes no sense, is not known", () => {
  const nonsense = [
    "",
    "\0\0\0\0",
    "no such thing",
    "some avg10=NaN avg60=0 avg300=0 total=0\n",
    "some avg10=-3.00 avg60=0 avg300=0 total=0\n",
    "full avg10=9.11 avg60=0.08 avg300=0.17 total=1\n",
    "1 2 3 x/y 4\n",
    "1 2 3 -4/9 4\n",
    "MemTotal: 0 kB\nMemAvailable: 0 kB\n",
    "MemTotal: -5 kB\nMemAvailable: 3 kB\n",
    "MemAvailable: 3 kB\n",
  ];
  for (const text of nonsense)
    expect([loadIn(text, 2), pressureIn(text), shareAvailable(text)]).toEqual([null, null, null]);
  expect(loadIn("1 2 3 4/5 6\n", 0)).toBeNull();
  // More than there can be is as much as there can be.
  expect(pressureIn("some avg10=999.99 avg60=0 avg300=0 total=0\n")).toBe(100);
  expect(shareAvailable("MemTotal: 2 kB\nMemAvailable: 3 kB\n")).toBe(100);
});

test("this machine says how much of its memory is left, and how much stands in line", () => {
  const { load, memory, pressure } = openStrain()();
  expect(load).toBeGreaterThanOrEqual(0);
  expect(memory).toBeGreaterThan(0);
  if (pressure !== null) expect(pressure).toBeWithin(0, 100.01);
});
