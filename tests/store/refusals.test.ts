import assert from "node:assert/strict";
import { test } from "node:test";
import { openRefusals } from "../../src/store/refusals.ts";
import { refusingVitals } from "../helpers/refusing-vitals.ts";

const newVitals = refusingVitals();

test("a write in vain is noted with its time, and goes on to be an error; one that goes through is none", async () => {
  const { clock, vitals, forbid, allow } = newVitals();
  const refusals = openRefusals(clock);
  const store = refusals.noting(await vitals());
  assert.equal(refusals.noting(await vitals()), store);
  const write = () => store.write((tx) => tx.run("delete from silences"));
  await write();
  assert.equal(refusals.lastTick(), undefined);
  clock.pass(5);
  forbid();
  await assert.rejects(write(), { name: "SkepError" });
  const refusedTick = clock.tick();
  assert.equal(refusals.lastTick(), refusedTick);
  clock.pass(5);
  allow();
  await write();
  assert.equal(refusals.lastTick(), refusedTick);
});
