import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { startOrder } from "../../src/config/start-order.ts";

const order = (groups: Record<string, string[]>) => startOrder(new Map(Object.entries(groups)));

describe("groups start", () => {
  test("all at once when none waits, as the file has them", () => {
    expect(order({ b: [], a: [], c: [] })).toEqual({ steps: [["b", "a", "c"]], rings: [] });
    expect(order({})).toEqual({ steps: [], rings: [] });
  });
  test("each as soon as all that it waits for have", () => {
    const groups = { d: ["b", "c"], c: ["a"], b: [], a: [], e: ["a", "a"] };
    expect(order(groups).steps).toEqual([["b", "a"], ["c", "e"], ["d"]]);
    const crossed = { c: ["y"], d: ["x"], x: [], y: [] };
    expect(order(crossed).steps).toEqual([
      ["x", "y"],
      ["c", "d"],
    ]);
  });
  test("whatever they call themselves or what is not there", () => {
    expect(order({ a: ["a", "nobody"] })).toEqual({ steps: [["a"]], rings: [] });
  });
  test("not when they wait in a ring, or for one", () => {
    const groups = { a: ["b"], b: ["c"], c: ["b"], d: [], e: ["d", "a"] };
    expect(order(groups)).toEqual({ steps: [["d"]], rings: [["b", "c", "b"]] });
  });
  test("a chain of 10,000 quickly", () => {
    const chain = Array.from({ length: 10_000 }, (_, n) => [`g${n}`, [`g${n + 1}`]] as const);
    const { steps, rings } = startOrder(new Map(chain));
    expect([steps.length, rings.length]).toEqual([10_000, 0]);
    const ring = startOrder(new Map([...chain, ["g10000", ["g0"]]]));
    expect([ring.steps.length, ring.rings[0]!.length]).toEqual([0, 10_002]);
  });
});

const names = "abcdefgh".split("");
const anyGroups = fc
  .uniqueArray(fc.constantFrom(...names))
  .chain((some) =>
    fc.tuple(...some.map((name) => fc.tuple(fc.constant(name), fc.subarray(names)))),
  );

test("whatever waits for whom, a group is after all it waits for or behind a ring, and each ring is one", () => {
  fc.assert(
    fc.property(anyGroups, (entries) => {
      const groups = new Map(entries);
      const { steps, rings } = startOrder(groups);
      const started = new Set<string>();
      const others = (name: string) => groups.get(name)!.filter((o) => o !== name && groups.has(o));
      for (const step of steps) {
        for (const name of step) expect(others(name).every((o) => started.has(o))).toBe(true);
        for (const name of step) started.add(name);
      }
      const left = [...groups.keys()].filter((name) => !started.has(name));
      expect(left.every((name) => others(name).some((o) => !started.has(o)))).toBe(true);
      expect(rings.length > 0).toBe(left.length > 0);
      for (const ring of rings) {
        expect(ring[0]).toBe(ring.at(-1));
        for (const [i, name] of ring.slice(0, -1).entries())
          expect(others(name)).toContain(ring[i + 1]!);
      }
    }),
  );
});
