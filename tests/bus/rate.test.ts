import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Rate, formatRate, tokensOf, turnOf, usualBurst } from "../../src/bus/rate.ts";
import { casesOf } from "../helpers/cases.ts";

// Near what a machine that has been up for weeks counts: where numbers with fractions are at their coarsest.
const start = 3_000_000_000;

/** A bucket of tokens in whole numbers: thousandths of a token, of which `perS` come in a millisecond. */
function bucketOf(perS: number, burst: number) {
  let thousandths = burst * 1_000;
  let last = start;
  const fill = (tick: number) => {
    thousandths = Math.min(burst * 1_000, thousandths + (tick - last) * perS);
    last = tick;
  };
  return {
    /** Milliseconds until there are `count` tokens. */
    waitMs(tick: number, count: number): number {
      fill(tick);
      return Math.max(0, Math.ceil((count * 1_000 - thousandths) / perS));
    },
    take: (count: number) => void (thousandths -= count * 1_000),
  };
}

const step = fc.record({ restMs: fc.nat(3_000), count: fc.integer({ min: 1, max: 6 }) });

test("whatever comes and however fast, it is let in when a bucket of tokens would let it in", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 500 }),
      fc.integer({ min: 1, max: 12 }),
      fc.array(step, { maxLength: 60 }),
      (perS, burst, steps) => {
        const bucket = bucketOf(perS, burst);
        let rate: Rate = { perS, burst, arrivalTick: null };
        let tick = start;
        for (const { restMs, count } of steps) {
          tick += restMs;
          const turn = turnOf(rate, tick, count);
          assert.equal(turn === undefined, count > burst);
          if (turn === undefined) continue;
          assert.equal(turn.waitMs, bucket.waitMs(tick, count));
          if (turn.waitMs > 0) continue;
          bucket.take(count);
          rate = { ...rate, arrivalTick: turn.arrivalTick };
        }
      },
    ),
    { numRuns: casesOf(300) },
  );
});

test("there are as many tokens as may come at once, and no more", () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.001, max: 5_000, noNaN: true }),
      fc.integer({ min: 1, max: 20 }),
      fc.double({ min: -1_000, max: 100_000, noNaN: true }),
      (perS, burst, aheadMs) => {
        const rate = { perS, burst, arrivalTick: start + aheadMs };
        const tokens = tokensOf(rate, start);
        assert.ok(Number.isInteger(tokens) && tokens >= 0 && tokens <= burst);
        if (tokens > 0) assert.equal(turnOf(rate, start, tokens)!.waitMs, 0);
        assert.notEqual(turnOf(rate, start, tokens + 1)?.waitMs, 0);
      },
    ),
    { numRuns: casesOf(300) },
  );
});

test("whoever waits as long as it was told may come, and not a millisecond earlier", () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.001, max: 5_000, noNaN: true }),
      fc.integer({ min: 1, max: 20 }),
      fc.nat(10_000),
      (perS, burst, aheadMs) => {
        const rate = { perS, burst, arrivalTick: start + (burst * 1_000) / perS + aheadMs };
        const { waitMs } = turnOf(rate, start, 1)!;
        assert.equal(turnOf(rate, start + waitMs, 1)!.waitMs, 0);
        if (waitMs > 0) assert.ok(turnOf(rate, start + waitMs - 1, 1)!.waitMs > 0);
      },
    ),
    { numRuns: casesOf(300) },
  );
});

test("turns that are taken one after the other lie an interval apart: a place in line times the interval", () => {
  let rate: Rate = { perS: 10, burst: 2, arrivalTick: null };
  const waits = Array.from({ length: 6 }, () => {
    const turn = turnOf(rate, start, 1)!;
    rate = { ...rate, arrivalTick: turn.arrivalTick };
    return turn.waitMs;
  });
  assert.deepEqual(waits, [0, 0, 100, 200, 300, 400]);
});

test("a rest never saves up more than the burst", () => {
  const rate = { perS: 1, burst: 3, arrivalTick: start };
  const late = start + 1_000_000;
  assert.equal(turnOf(rate, late, 3)!.waitMs, 0);
  const after = { ...rate, arrivalTick: turnOf(rate, late, 3)!.arrivalTick };
  assert.equal(turnOf(after, late, 1)!.waitMs, 1_000);
  assert.equal(turnOf(rate, late, 4), undefined);
});

test("when nobody says how many may come at once, it is those of a second, and one at least", () => {
  assert.deepEqual([0.01, 1, 2.5, 100].map(usualBurst), [1, 1, 3, 100]);
});

test("a rate reads in the unit that makes it one or more", () => {
  assert.deepEqual([100, 2.5, 1, 0.5, 1 / 60, 2 / 3_600, 0.0001].map(formatRate), [
    "100/s",
    "2.5/s",
    "1/s",
    "30/m",
    "1/m",
    "2/h",
    "0.36/h",
  ]);
});
