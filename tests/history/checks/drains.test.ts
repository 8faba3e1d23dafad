import { expect, test } from "bun:test";
import { call, claim, send, tale, textsOf } from "../tale.ts";
import { findLeakyDrains } from "./drains.ts";

const drain = (result = {}) =>
  call("drain", { by: "w", at: [100, 200] }, {}, { parked: 3, holds: true, ...result });
const resume = (result = {}) =>
  call("resume", { by: "w", at: [300, 310] }, {}, { count: 3, already: false, ...result });
const during = (...calls: ReturnType<typeof call>[]) =>
  textsOf(findLeakyDrains(tale([drain(), ...calls, resume()])));

test("a drain parks everything, lets nothing through, and all of it comes back", () => {
  const live = { ready: 0, delayed: 0, leased: 0, parked: 3 };
  expect(during(call("look", { by: "w", at: [210, 220] }, {}, { live }))).toEqual([]);
  expect(during(send({ by: "ann", at: [210, 220] }, "m", "E_DRAINING"))).toEqual([]);
  // Before its end it may still have been open, and after the resume it is again.
  expect(during(send({ by: "ann", at: [150, 220] }, "m", 1))).toEqual([]);
  expect(during(send({ by: "ann", at: [210, 320] }, "m", 1))).toEqual([]);
});

test("the sums hold", () => {
  expect(findLeakyDrains(tale([drain({ holds: false }), resume()]))).toHaveLength(1);
});

test("nothing is left in anybody's hands", () => {
  const live = { ready: 0, delayed: 1, leased: 2, parked: 3 };
  expect(during(call("look", { by: "w", at: [210, 220] }, {}, { live }))).toEqual([
    "0 ready, 1 delayed and 2 leased after a drain",
  ]);
});

test("a drained bus takes no message and gives none", () => {
  expect(during(send({ by: "ann", at: [210, 220] }, "m", 1))).toEqual([
    "ann could send m to a drained bus",
  ]);
  expect(during(claim({ by: "bob", at: [210, 220] }))).toEqual([
    "bob could claim from a drained bus",
  ]);
});

test("what was parked comes back, but for what was purged", () => {
  const back = (count: number, ...calls: ReturnType<typeof call>[]) =>
    findLeakyDrains(tale([...calls, drain(), resume({ count })])).length;
  const purge = (count: number) =>
    call("purge", { by: "eve", at: [90, 220] }, { inbox: "in" }, { count });
  expect([back(3), back(2), back(4)]).toEqual([0, 1, 1]);
  expect([back(2, purge(1)), back(1, purge(1))]).toEqual([0, 1]);
  const late = call("purge", { by: "eve", at: [305, 306] }, { inbox: "in" }, { count: 1 });
  const after = call("purge", { by: "eve", at: [311, 312] }, { inbox: "in" }, { count: 1 });
  expect([back(2, late), back(2, after)]).toEqual([0, 1]);
  expect(findLeakyDrains(tale([drain(), resume({ already: true })]))).toHaveLength(1);
});
