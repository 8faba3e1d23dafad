import assert from "node:assert/strict";
import { test } from "node:test";
import { noteWalk, walkedTo } from "../../src/bus/walk.ts";
import { tempBuses } from "../helpers/temp-bus.ts";

const { handBus } = tempBuses();

test("a walk goes on where its last turn noted, each by itself, until it begins anew", async () => {
  const { store } = await handBus();
  const note = (to: string | undefined) => store.write((tx) => noteWalk(tx, "expired_up_to", to));
  const both = () =>
    store.read(async (tx) => [
      await walkedTo(tx, "expired_up_to"),
      await walkedTo(tx, "pruned_up_to"),
    ]);
  assert.deepEqual(await both(), [undefined, undefined]);
  await note("a1");
  assert.deepEqual(await both(), ["a1", undefined]);
  await note("a2");
  assert.deepEqual(await both(), ["a2", undefined]);
  await note(undefined);
  assert.deepEqual(await both(), [undefined, undefined]);
});

test("to note what is noted already writes nothing", async () => {
  const { store } = await handBus();
  let runs = 0;
  const note = (to: string | undefined) =>
    store.write((tx) => {
      const run: typeof tx.run = (...args) => (runs++, tx.run(...args));
      return noteWalk({ ...tx, run }, "pruned_up_to", to);
    });
  for (const to of ["7", "7", undefined, undefined]) await note(to);
  assert.equal(runs, 2);
});
