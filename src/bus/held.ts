// Held: a sender of a swarm that waits for room comes to the line later while the machine has too much to do, and so
// fewer of them stand there at a time.
import { jitter } from "../core/clock.ts";
import type { ReadTx } from "../store/store.ts";

/** Whose senders are held back: the run that started this process, and for how long at most each time. */
export interface Holding {
  run: string;
  pauseMaxMs: number;
}

interface Situation {
  /** How much of what could go on at once does, in percent. */
  level: number;
  /** How often this sender was held back before. */
  times: number;
  leftMs: number;
  pauseMaxMs: number;
}

const leastMs = 100;

/** How much of what could go on at once does in that run, in percent; 100 when nobody says anything of late. */
export async function heldLevel(tx: ReadTx, { run }: Holding, boot: string): Promise<number> {
  const row = await tx.get<{ level: number }>(
    `select level from governor where run_mark = $run and boot = $boot and until_tick > $tick`,
    { run, boot, tick: tx.tick },
  );
  return row?.level ?? 100;
}

/** How long a sender is held back: twice as long each time, and never for more than a fifth of the time that it has left. */
export function heldBackMs({ level, times, leftMs, pauseMaxMs }: Situation): number {
  if (level >= 100) return 0;
  const ms = ((leastMs * 100) / level) * 2 ** times;
  return jitter(Math.min(ms, pauseMaxMs, leftMs / 5) / 1.5, 0.5);
}
