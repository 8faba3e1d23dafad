import { describe, expect, test } from "bun:test";
import type { Readings } from "../../../src/metrics/alerts/decide.ts";
import type { PointsOf, Rule, UsersPart } from "../../../src/metrics/alerts/rules.ts";
import { openUsersReadings } from "../../../src/metrics/alerts/users-readings.ts";
import { recordPoints } from "../../../src/metrics/record.ts";
import type { ReadTx, Store } from "../../../src/store/store.ts";
import { pointOf, vitalsStores } from "../vitals.ts";

const newVitals = vitalsStores();
const none: Readings = new Map();

/** A rule of a user over the metric `reads`. */
function usersRule(
  reads: string,
  points: Partial<PointsOf> | null = {},
  more: Partial<UsersPart & { name: string; threshold: number }> = {},
): Rule {
  const { name = "mine", threshold = 5, ...user } = more;
  const usual = {
    of: "sum",
    windowMs: 60_000,
    countMin: 1,
    by: null,
    tags: {},
    unit: null,
  } as const;
  return {
    name,
    about: "too much",
    original: null,
    severity: "warning",
    reads,
    unit: "",
    compare: "above",
    threshold,
    recovery: 1,
    window: null,
    holdMs: 0,
    countMin: null,
    user: {
      recoverAt: threshold,
      points: points === null ? null : { ...usual, ...points },
      subject: null,
      cooldownMs: null,
      ...user,
    },
  };
}

/** What `rules` are held against after a look at `store`, by the name of the rule. */
async function look(users: ReturnType<typeof openUsersReadings>, store: Store) {
  await users.take(() => Promise.resolve(store));
  return Object.fromEntries(users.among(none).readings);
}

const record = (store: Store, ...points: Parameters<typeof recordPoints>[1]) =>
  store.write((tx) => recordPoints(tx, points));

describe("points", () => {
  test("count for rules of their metric, once each, also those of before the first look", async () => {
    const { store, clock } = await newVitals();
    await record(store, pointOf("m", 1), pointOf("other", 100), pointOf("m", 2));
    clock.pass(1_000);
    const users = openUsersReadings([usersRule("m")], clock);
    expect(await look(users, store)).toEqual({ mine: [{ subject: "m", value: 3 }] });
    expect(await look(users, store)).toEqual({ mine: [{ subject: "m", value: 3 }] });
    await record(store, pointOf("m", 4));
    expect(await look(users, store)).toEqual({ mine: [{ subject: "m", value: 7 }] });
    clock.pass(59_000);
    expect(await look(users, store)).toEqual({ mine: [{ subject: "m", value: 4 }] });
    clock.pass(1_000);
    expect(await look(users, store)).toEqual({ mine: [] });
  });
  test("have the unit that somebody gave them, and it is the rule's", async () => {
    const { store, clock } = await newVitals();
    const users = openUsersReadings([usersRule("m"), usersRule("n", {}, { name: "n" })], clock);
    await record(store, pointOf("m", 1, { unit: "MB" }));
    await look(users, store);
    expect(users.among(none).rules.map(({ unit }) => unit)).toEqual(["MB", ""]);
  });
  test("go to subjects by agent and tag", async () => {
    const { store, clock } = await newVitals();
    const users = openUsersReadings([usersRule("m", { by: "agent", tags: { os: "x" } })], clock);
    const os = { tags: { os: "x" } };
    await record(store, pointOf("m", 1, { ...os, agent: "a" }), pointOf("m", 2, { agent: "a" }));
    await record(store, pointOf("m", 4, { ...os, agent: "b" }), pointOf("m", 8, os));
    expect(await look(users, store)).toEqual({
      mine: [
        { subject: "a", value: 1 },
        { subject: "b", value: 4 },
        { subject: "m", value: 8 },
      ],
    });
  });
  test("that were measured a while before they were written count from then on", async () => {
    const { store, clock } = await newVitals();
    const users = openUsersReadings([usersRule("m")], clock);
    await look(users, store);
    await record(store, pointOf("m", 1), { ...pointOf("m", 2), at: clock.now() - 30_000 });
    expect(await look(users, store)).toEqual({ mine: [{ subject: "m", value: 3 }] });
    clock.pass(30_000);
    expect(await look(users, store)).toEqual({ mine: [{ subject: "m", value: 1 }] });
  });
  test("are as old as they are when the wall clock is set, back or forward", async () => {
    for (const step of [-3_600_000, 3_600_000]) {
      const { store, clock } = await newVitals();
      const users = openUsersReadings([usersRule("m")], clock);
      await record(store, pointOf("m", 1));
      await look(users, store);
      clock.stepWall(step);
      expect(await look(users, store)).toEqual({ mine: [{ subject: "m", value: 1 }] });
      clock.pass(60_000);
      expect(await look(users, store)).toEqual({ mine: [] });
    }
  });
  test("of a time that is yet to come have just come, and before the first look they are of nobody knows when", async () => {
    const { store, clock } = await newVitals();
    const ahead = { ...pointOf("m", 1), at: clock.now() + 3_600_000 };
    await record(store, ahead);
    const users = openUsersReadings([usersRule("m")], clock);
    expect(await look(users, store)).toEqual({ mine: [] });
    await record(store, { ...ahead, value: 2 });
    expect(await look(users, store)).toEqual({ mine: [{ subject: "m", value: 2 }] });
    clock.pass(60_000);
    expect(await look(users, store)).toEqual({ mine: [] });
  });
  test("of a flood count as far as one look takes them in, the newest of them", async () => {
    const { store, clock } = await newVitals();
    const users = openUsersReadings([usersRule("m", { of: "min" })], clock);
    await look(users, store);
    const flood = Array.from({ length: 25_000 }, (_, n) => pointOf("m", n));
    await record(store, ...flood);
    const [reading] = (await look(users, store))["mine"]!;
    // One subject has room for 10,000.
    expect(reading!.value).toBe(15_000);
    await record(store, pointOf("m", -1));
    expect((await look(users, store))["mine"]![0]!.value).toBe(-1);
  });
  test("are read by their numbers: nobody goes through the whole table", async () => {
    const { store, clock } = await newVitals();
    const asked: Parameters<ReadTx["all"]>[] = [];
    const spying: Store = {
      ...store,
      read: (work) =>
        store.read((tx) =>
          work({
            ...tx,
            all: (...question) => {
              asked.push(question);
              return tx.all(...question);
            },
          }),
        ),
    };
    const users = openUsersReadings([usersRule("m")], clock);
    await look(users, spying);
    const plans = await store.write((tx) =>
      Promise.all(
        asked.map(async ([sql, params]) => {
          const steps = await tx.all<{ detail: string }>(`explain query plan ${sql}`, params);
          return steps.map(({ detail }) => detail).join("; ");
        }),
      ),
    );
    expect(plans).toHaveLength(1);
    expect(plans[0]).toContain("SEARCH p USING INTEGER PRIMARY KEY (rowid>?)");
    expect(plans[0]).toContain("SEARCH s USING INTEGER PRIMARY KEY (rowid=?)");
  });
});

describe("what cannot be read", () => {
  test("is not said to be well, or gone, and is read the next time", async () => {
    const { store, clock } = await newVitals();
    const users = openUsersReadings([usersRule("m")], clock);
    await record(store, pointOf("m", 1));
    await look(users, store);
    await expect(users.take(() => Promise.reject(new Error("damaged")))).rejects.toThrow();
    expect(users.among(none).readings.has("mine")).toBe(false);
    await record(store, pointOf("m", 2));
    expect(await look(users, store)).toEqual({ mine: [{ subject: "m", value: 3 }] });
  });
  test("because the file is another one by now begins with that", async () => {
    const [first, second] = [await newVitals(), await newVitals()];
    const users = openUsersReadings([usersRule("m", { by: "agent" })], first.clock);
    await record(first.store, pointOf("m", 1, { agent: "a" }), pointOf("m", 2, { agent: "a" }));
    await look(users, first.store);
    await record(second.store, pointOf("m", 4, { agent: "b" }));
    expect(await look(users, second.store)).toEqual({
      mine: [
        { subject: "a", value: 3 },
        { subject: "b", value: 4 },
      ],
    });
  });
});

describe("what skep's own rules read", () => {
  const readings: Readings = new Map([
    [
      "inbox.depth",
      [
        { subject: "a", value: 1 },
        { subject: "b", value: 2 },
      ],
    ],
  ]);
  test("is there for rules of users too, of one subject or of all", async () => {
    const { clock } = await newVitals();
    const all = usersRule("inbox.depth", null, { name: "all" });
    const one = usersRule("inbox.depth", null, { name: "one", subject: "b" });
    const found = openUsersReadings([all, one], clock).among(readings).readings;
    expect(found.get("all")).toEqual(readings.get("inbox.depth")!);
    expect(found.get("one")).toEqual([{ subject: "b", value: 2 }]);
  });
  test("and is not known where it is not for them", async () => {
    const { clock } = await newVitals();
    const growth = usersRule("process.memory_growth", null);
    expect(openUsersReadings([growth], clock).among(readings).readings.has("mine")).toBe(false);
  });
  test("stands apart from the points of the same metric", async () => {
    const { store, clock } = await newVitals();
    const users = openUsersReadings([usersRule("inbox.depth", { of: "max" })], clock);
    const depth = { unit: "count", tags: { inbox: "a" } };
    await record(store, pointOf("inbox.depth", 9, depth));
    await users.take(() => Promise.resolve(store));
    expect(users.among(readings).readings.get("mine")).toEqual([
      { subject: "inbox.depth", value: 9 },
    ]);
  });
});
