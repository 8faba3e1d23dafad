// Restart: an agent starts anew because somebody wants it to, also one that had ended for good.
import { type Charge, revive } from "./charge.ts";
import { type Crew, setState } from "./crew.ts";
import { rejoin } from "./failover.ts";
import { stopOne } from "./stop.ts";

/** Has `charge` finish what it holds and start anew; what it did before is not held against it. */
export async function restartOne(crew: Crew, charge: Charge): Promise<void> {
  charge.restartTicks = [];
  charge.apart = null;
  if (!charge.over.given) return await stopOne(crew, charge, "restart");
  revive(charge);
  await rejoin(crew, charge);
  await setState(crew, charge, "starting", null);
  void crew.start(charge);
}
