// The bus beside a model of it: whatever is done to both, in whatever order, comes to the same.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { conservation } from "../../src/bus/inboxes.ts";
import { createInbox } from "../../src/bus/ledger.ts";
import { auditLedger } from "../helpers/audit-ledger.ts";
import { casesMs, casesOf, seed } from "../helpers/cases.ts";
import { tempBuses } from "../helpers/temp-bus.ts";
import { busModel } from "./bus-model.ts";
import { type Step, type World, anyStep, inboxes } from "./bus-steps.ts";

const { handBus, closeAll } = tempBuses();

test(
  "whatever is done to it, each delivery is accounted for, in its place, and acked once",
  { timeout: casesMs(240_000) },
  async (t) => {
    t.diagnostic(`CASES_SEED=${seed}`);
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { maxLength: 150, size: "max" }), async (steps) => {
        try {
          await run(steps);
        } finally {
          await closeAll();
        }
      }),
      { seed, numRuns: casesOf(80) },
    );
  },
);

async function run(steps: readonly Step[]): Promise<void> {
  const bus = await handBus({ inboxCap: 6, inboxBytes: 40, maxAttempts: 3 });
  await bus.store.write(async (tx) => {
    for (const inbox of inboxes) await createInbox(tx, inbox);
  });
  const world: World = { bus, model: busModel(bus.settings, bus.clock, inboxes), receipts: [] };
  for (const step of steps) {
    await step(world);
    await check(world);
  }
}

async function check({ bus, model }: World): Promise<void> {
  const ledger = await bus.store.read((tx) =>
    tx.all(
      `select inbox, ready, delayed, leased, parked, reserved, bytes, acked, dead, expired
         from ledger order by inbox`,
    ),
  );
  assert.deepEqual(ledger, model.ledger());
  assert.equal((await bus.store.read(conservation)).holds, true);
  await auditLedger(bus);
}
