import { describe, expect, test } from "bun:test";
import { percentilesOf } from "../../src/metrics/histogram.ts";
import { type Measured, recordPoints } from "../../src/metrics/record.ts";
import { pointOf, vitalsStores } from "./vitals.ts";

const newVitals = vitalsStores();

async function newRecord() {
  const { clock, store } = await newVitals();
  return {
    clock,
    record: (...points: Measured[]) => store.write((tx) => recordPoints(tx, points)),
    points: () =>
      store.read((tx) =>
        tx.all<object>("select name, value, unit, agent, tags, at from metrics order by id"),
      ),
    minutes: () =>
      store.read((tx) =>
        tx.all<object>(
          "select name, count, mean, least, most, minute from minutes order by minute, name",
        ),
      ),
    histograms: () =>
      store.read((tx) =>
        tx.all<{ histogram: string }>("select histogram from rollups order by id"),
      ),
  };
}

describe("recording", () => {
  test("keeps each point as it was, with its unit, its agent and its tags", async () => {
    const { clock, record, points } = await newRecord();
    const tags = { b: "2", a: "it's" };
    await record(pointOf("x", 0.1, { agent: "ada", tags }), pointOf("y", -5e300, { unit: "%" }));
    const at = clock.now();
    expect(await points()).toEqual([
      { name: "x", value: 0.1, unit: "ms", agent: "ada", tags: '{"a":"it\'s","b":"2"}', at },
      { name: "y", value: -5e300, unit: "%", agent: null, tags: "{}", at },
    ]);
  });

  test("adds up the points of a minute, whenever they come", async () => {
    const { clock, record, minutes, histograms } = await newRecord();
    const minute = clock.now() - (clock.now() % 60_000);
    await record(pointOf("x", 4), pointOf("x", 0), pointOf("y", 1));
    await record(pointOf("x", -1));
    await record({ ...pointOf("x", 7), at: minute - 1 }, { ...pointOf("x", 9), at: minute });
    expect(await minutes()).toEqual([
      { name: "x", count: 1, mean: 7, least: 7, most: 7, minute: minute - 60_000 },
      { name: "x", count: 4, mean: 3, least: -1, most: 9, minute },
      { name: "y", count: 1, mean: 1, least: 1, most: 1, minute },
    ]);
    const [first] = await histograms();
    const [median] = percentilesOf(JSON.parse(first!.histogram), [50]);
    expect(median).toBe(0);
  });

  test("of sums beyond the largest number goes on", async () => {
    const { record, minutes } = await newRecord();
    await record(pointOf("x", Number.MAX_VALUE), pointOf("x", Number.MAX_VALUE));
    expect(await minutes()).toMatchObject([{ count: 2, most: Number.MAX_VALUE }]);
  });

  test("with another order of tags is of the same series", async () => {
    const { record, minutes } = await newRecord();
    await record(pointOf("x", 1, { tags: { a: "1", b: "2" } }));
    await record(pointOf("x", 2, { tags: { b: "2", a: "1" } }));
    expect(await minutes()).toMatchObject([{ count: 2 }]);
  });

  test("of 2,500 tags keeps a thousand, and the points of the others without theirs", async () => {
    const { record, points } = await newRecord();
    const many = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, n) => pointOf("x", n, { tags: { n: `${from + n}` } }));
    expect((await record(...many(0, 900))).untagged).toBe(0);
    expect((await record(...many(800, 2_500))).untagged).toBe(1_500);
    expect((await record(...many(500, 1_100))).untagged).toBe(100);
    // Another metric has room of its own.
    expect((await record(pointOf("y", 1, { tags: { n: "1" } }))).untagged).toBe(0);
    const all = await points();
    expect(all.length).toBe(900 + 1_700 + 600 + 1);
    expect(all.filter((point) => (point as { tags: string }).tags === '{"*":"*"}').length).toBe(
      1_600,
    );
  });

  test("of too many metrics is refused, and those that are there go on, and skep's own", async () => {
    const { record } = await newRecord();
    await record(...Array.from({ length: 1_000 }, (_, n) => pointOf(`x${n}`, 1)));
    await expect(record(pointOf("x1000", 1))).rejects.toMatchObject({ code: "E_FULL" });
    await record(pointOf("x999", 1), pointOf("process.cpu", 1));
  });
});
