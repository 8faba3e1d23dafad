// Publish: one message for everybody who is subscribed to its topic, once all of them take it.
import { type SkepError, isSkepError } from "../core/errors.ts";
import type { WriteTx } from "../store/store.ts";
import type { Bus } from "./bus.ts";
import { parkOverdue } from "./drain.ts";
import { type Publication, type Published, type Publisher, fanOut } from "./fan-out.ts";
import { refuseWhileDraining } from "./intake.ts";
import { leaveLine } from "./line.ts";
import type { BusSettings } from "./message.ts";
import { type Refused, countRefusals, errorOfAll, refusalError } from "./refusal.ts";
import { takeTurns, turnsAfterPublish } from "./retain.ts";
import { type RoomOptions, waitForRoom } from "./room.ts";

/**
 * Publishes to everybody who is subscribed, or to nobody. Nothing is stored when nobody is. E_FULL names an inbox in which no
 * room appeared in time; E_RATE, E_DRAINING, E_NAME, E_BODY, E_USAGE.
 */
export async function publish(
  bus: Bus,
  publication: Publication,
  options: Omit<Publisher, "pass"> & RoomOptions,
): Promise<Published> {
  const room = waitForRoom(bus, options);
  let awaited: string | undefined;
  try {
    for (;;) {
      const pass = room.pass();
      let waits = false;
      const outcome = await bus.store.write(async (tx) => {
        await refuseWhileDraining(tx);
        const tried = await fanOut(tx, bus.settings, publication, { ...options, pass });
        if (!("why" in tried)) return tried;
        waits = room.mayWait(tried);
        if (!waits) await countRefusals(tx, [tried]);
        // There is room in one inbox and now another is full: the room is no use to us yet, and must not be kept from the next one.
        if (awaited !== undefined && awaited !== tried.inbox)
          await leaveLine(tx, awaited, bus.self);
        return tried;
      }, room.lockOptions());
      room.used(pass);
      if (!("why" in outcome)) {
        const turns = turnsAfterPublish(outcome, publication);
        if (turns > 0) await takeTurns(bus, turns, options);
        return outcome;
      }
      if (!waits) throw refusal(outcome, publication);
      awaited = outcome.inbox;
      await room.next(awaited, outcome.load, { takesTurns: true });
    }
  } catch (error) {
    if (isSkepError(error, "E_DRAINING")) await parkOverdue(bus);
    throw error;
  } finally {
    await room.end();
  }
}

/** Publishes inside the caller's transaction. E_FULL, E_RATE, E_NAME, E_BODY, E_USAGE; nothing is changed when it throws. */
export async function publishTx(
  tx: WriteTx,
  settings: BusSettings,
  publication: Publication,
  publisher: Omit<Publisher, "pass">,
): Promise<Published> {
  const outcome = await fanOut(tx, settings, publication, publisher);
  if ("why" in outcome) throw refusal(outcome, publication);
  return outcome;
}

function refusal(refused: Refused, { topic }: Publication): SkepError {
  return errorOfAll(refusalError(refused), `nobody got what was published on ${topic}`);
}
