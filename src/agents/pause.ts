// Pause: an agent claims nothing more, and finishes what is in hand; until it is to go on.
import { type Charge, openSignal } from "./charge.ts";
import { type Crew, setState } from "./crew.ts";

/** Pauses `charge`, or has it go on; resolves when it claims no more. Nothing happens when it is so already. */
export async function setPaused(crew: Crew, charge: Charge, paused: boolean): Promise<void> {
  if (charge.paused === paused) return;
  const { name } = charge.member;
  charge.paused = paused;
  charge.pausing = openSignal();
  // A program that calls skep by itself is kept from claims by the row, any other by its host.
  await crew.record.note(name, { paused });
  charge.host?.tell({ order: paused ? "pause" : "unpause", name });
  if (paused && charge.host !== undefined)
    await Promise.race([charge.pausing.promise, charge.ended.promise]);
  showPaused(crew, charge);
}

/** Notes that the host of `charge` lets nothing through to it any more. */
export function notePaused(crew: Crew, charge: Charge): void {
  charge.pausing.give();
  showPaused(crew, charge);
}

function showPaused(crew: Crew, charge: Charge): void {
  if (charge.state === "ready" && charge.paused) void setState(crew, charge, "paused", null);
  if (charge.state === "paused" && !charge.paused) void setState(crew, charge, "ready", null);
}
