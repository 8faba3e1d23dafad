// The hold in the row of a run: how far its governor holds back what it starts, for everybody to see.
import type { ReadTx, WriteTx } from "../store/store.ts";
import type { Cause, Decision } from "./governing.ts";

export interface Hold {
  /** How much of what could go on at once does, in percent. */
  level: number;
  cause: Cause;
  /** Why, in words; at 100 what there is to say besides, null mostly. */
  reason: string | null;
  /** When the level became this one. */
  sinceAt: number;
}

/** How long a hold lasts that nobody repeats, and how often its supervisor does. */
export const holdLastsMs = 15_000;
export const repeatEveryMs = 5_000;

/** Notes the hold of `run`, which is `ageMs` old. */
export async function noteHold(
  tx: WriteTx,
  run: number,
  { level, cause, reason }: Pick<Decision, "level" | "cause" | "reason">,
  ageMs = 0,
): Promise<void> {
  await tx.run(
    `update runs set held_to = $level, held_cause = $cause, held_reason = $reason,
            held_since = $sinceAt, held_until_tick = $untilTick
      where id = $run`,
    { run, level, cause, reason, sinceAt: tx.now - ageMs, untilTick: tx.tick + holdLastsMs },
  );
}

/** The hold of the swarm that runs; undefined when none does, or its governor is off. One that was not repeated, or is of another boot, holds nobody back. */
export async function findHold(tx: ReadTx, boot: string): Promise<Hold | undefined> {
  const row = await tx.get<Hold & { untilTick: number; boot: string }>(
    "select level, cause, reason, since_at as sinceAt, until_tick as untilTick, boot from governor",
  );
  if (row === undefined) return undefined;
  const { untilTick, boot: ofBoot, ...hold } = row;
  if (hold.level === 100 || (ofBoot === boot && untilTick > tx.tick)) return hold;
  return { ...hold, level: 100, cause: null, reason: "its supervisor is not heard of" };
}
