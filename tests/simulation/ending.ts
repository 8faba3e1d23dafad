// The end of a world: all that is left in it can be claimed and acked, and nothing of it stays.
import assert from "node:assert/strict";
import { dropAllDead } from "../../src/bus/dead-drop.ts";
import { openIntake } from "../../src/bus/intake.ts";
import { unparkAll } from "../../src/bus/park.ts";
import { findPurgeable } from "../../src/bus/purge.ts";
import { receive } from "../../src/bus/receive.ts";
import { resumeTx } from "../../src/bus/resume.ts";
import { retain } from "../../src/bus/retain.ts";
import { ackAllTx } from "../../src/bus/settle.ts";
import { lookAtTheEnd } from "./invariants.ts";
import type { World } from "./world.ts";

// Of 1,000 messages each; a world has a few hundred.
const turnsMax = 100;

// Longer than the wall clock may be behind all that was written.
const longMs = 10 ** 11;

/** Claims and acks all that is left, and has it forgotten: it can always be done, and nothing stays. */
export async function bringToAnEnd(world: World): Promise<void> {
  const { bus, time, database, random } = world;
  // It takes as long as ten steps.
  if (random.share() > 0.2) return;
  await bus.store.write(async (tx) => {
    await resumeTx(tx);
    await openIntake(tx);
    await unparkAll(tx, "run");
    await tx.run("update ledger set cap = null, rate_per_s = null");
  });
  time.sleepers = [];
  time.pass(longMs);
  const names = database
    .lines()
    .ledger.split("\n")
    .map((line) => line.split(" ")[0]!);
  await retain(bus);
  for (const inbox of names.filter((name) => name !== "" && !name.startsWith("request-"))) {
    const claim = { inbox, holder: "the last", max: 1_000, leaseMs: 1_000, waitMs: 0 };
    for (let left = true, turn = 0; left; turn++) {
      assert.ok(turn < turnsMax, `${inbox} comes to an end of what it has`);
      const claimed = await receive(bus, claim);
      await bus.store.write((tx) =>
        ackAllTx(
          tx,
          claimed.map(({ receipt }) => receipt!),
        ),
      );
      left = claimed.length > 0;
    }
    await dropAllDead(bus, inbox, { by: null });
    const rest = await bus.store.read((tx) => findPurgeable(tx, { inbox, dead: true }));
    assert.deepEqual(rest, { live: [], dead: [] }, `all of ${inbox} could be claimed`);
  }
  for (let turn = 0; turn < 3; turn++) {
    time.pass(longMs);
    await retain(bus);
  }
  lookAtTheEnd(world);
}
