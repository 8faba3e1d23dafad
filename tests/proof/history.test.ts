import { expect, test } from "bun:test";
import { plansFor } from "./history.ts";
import { randomOf } from "./random.ts";

test("there are runs of every kind, however few calls they make, and a seed decides them all", () => {
  for (const count of [1, 1_500, 50_000, 1_000_000]) {
    const plans = plansFor(count, randomOf(7));
    const kinds = plans.map(({ kind }) => kind);
    for (const kind of ["lone", "few", "crowd"] as const) {
      const share = kinds.filter((one) => one === kind).length / kinds.length;
      expect(share).toBeGreaterThanOrEqual(0.3);
    }
    const calls = plans.reduce((sum, { operations }) => sum + operations, 0);
    expect(calls).toBeGreaterThanOrEqual(count);
    expect(Math.max(...plans.map(({ operations }) => operations))).toBeLessThanOrEqual(10_000);
    expect(plansFor(count, randomOf(7))).toEqual(plans);
  }
});
