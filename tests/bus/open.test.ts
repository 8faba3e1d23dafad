import assert from "node:assert/strict";
import { test } from "node:test";
import { openBus } from "../../src/bus/open.ts";
import { testSettings } from "../fixtures/bus/bus.ts";
import { tempBuses } from "../helpers/temp-bus.ts";

const { liveBus } = tempBuses();

test("a bus knows which process it is in, and binds no socket before it has to wait", async () => {
  const { store, clock } = await liveBus();
  const bus = await openBus(store, clock, testSettings);
  assert.equal(bus.self.pid, process.pid);
  assert.equal(bus.doorbell.bound(), undefined);
  assert.equal(bus.settings, testSettings);
});
