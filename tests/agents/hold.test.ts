import { expect, test } from "bun:test";
import { findHold, holdLastsMs, noteHold, repeatEveryMs } from "../../src/agents/hold.ts";
import { closeRun, openRun } from "../../src/agents/runs.ts";
import { ownIdentity, pidNamespace } from "../../src/core/identity.ts";
import { type HandBus, tempBuses } from "../helpers/temp-bus.ts";

const { handBus } = tempBuses();

/** A run whose supervisor holds back to a half. */
async function heldRun() {
  const bus = await handBus();
  const place = { boot: bus.clock.boot, namespace: pidNamespace(), guardianPid: null };
  const run = await bus.store.write((tx) =>
    openRun(tx, { swarm: "s", file: "/s.toml", mark: "m", ...place, ...ownIdentity() }),
  );
  const note = (level: 100 | 50, ageMs = 0) =>
    bus.store.write((tx) =>
      level === 100
        ? noteHold(tx, run, { level, cause: null, reason: null }, ageMs)
        : noteHold(tx, run, { level, cause: "load", reason: "so much" }, ageMs),
    );
  return { bus, run, note };
}

const find = ({ store, clock }: HandBus) => store.read((tx) => findHold(tx, clock.boot));

test("a hold is seen with why and since when", async () => {
  const { bus, note } = await heldRun();
  expect(await find(bus)).toBeUndefined();
  await note(100);
  expect(await find(bus)).toMatchObject({ level: 100, cause: null, reason: null });
  await note(50, 1_200);
  expect(await find(bus)).toEqual({
    level: 50,
    cause: "load",
    reason: "so much",
    sinceAt: bus.clock.now() - 1_200,
  });
});

test("one that its supervisor does not repeat holds nobody back, as when that was killed or stopped", async () => {
  const { bus, note } = await heldRun();
  await note(50);
  expect(repeatEveryMs).toBeLessThan(holdLastsMs / 2);
  bus.clock.pass(holdLastsMs - 1);
  expect(await find(bus)).toMatchObject({ level: 50 });
  bus.clock.pass(1);
  expect(await find(bus)).toMatchObject({ level: 100, reason: "its supervisor is not heard of" });
});

test("one of another boot holds nobody back, and one of a run that is over is none", async () => {
  const { bus, run, note } = await heldRun();
  await note(50);
  bus.clock.boot = "second boot";
  expect(await find(bus)).toMatchObject({ level: 100 });
  bus.clock.boot = "first boot";
  await bus.store.write((tx) => closeRun(tx, run, "{}"));
  expect(await find(bus)).toBeUndefined();
});
