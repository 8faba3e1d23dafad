// Whether the bus takes work: while a row of `drains` is there it is closed to claims and sends.
import { SkepError } from "../core/errors.ts";
import type { ReadTx, WriteTx } from "../store/store.ts";
import { ring } from "./doorbell.ts";
import { ringAll } from "./waiters.ts";

/** Why the bus is closed: somebody drained it, and it stays so until `skep resume`; or a swarm is on its way down. */
export type Reason = "drain" | "stop";

/** One drain, as its row has it. */
export interface Drain {
  id: number;
  /** When it began, by the wall clock. */
  startedAt: number;
  deadlineTick: number;
  /** How many deliveries were held when it began. */
  leased: number;
  /** When what was left was parked; null while owners may still settle. */
  parkedAt: number | null;
  parked: number | null;
  /** How many of the parked were taken back from their holders. */
  returned: number | null;
}

/** Why the bus is closed, and whether a drain is over: what was left is parked, and nobody is waited for any more. */
export type Closed = Reason | "drained";

/** SQL for why the bus is closed, null while it is open: a drain before a stop, for the bus stays closed when the swarm is down. */
export const whyClosedSql = `(select case when reason = 'drain' and parked_at is not null then 'drained' else reason end
  from drains order by reason limit 1)`;

/** Stops claims and sends until `openIntake`; owners may go on to settle what they hold. Closed already for that reason, it moves the deadline. */
export async function closeIntake(
  tx: WriteTx,
  deadlineTick: number,
  reason: Reason = "stop",
): Promise<void> {
  await tx.run(
    `insert into drains (reason, started_at, deadline_at, deadline_tick, leased)
     values ($reason, $now, $deadlineAt, $deadlineTick, (select coalesce(sum(leased), 0) from ledger))
     on conflict (reason) do update set deadline_at = $deadlineAt, deadline_tick = $deadlineTick`,
    { reason, now: tx.now, deadlineTick, deadlineAt: tx.now + deadlineTick - tx.tick },
  );
  // Whoever waits for what will not come should hear so now, and not at its next look.
  await ringAll(tx, ring);
}

/** Lets claims and sends in again, unless the bus is closed for another reason too: whether it was closed for this one. */
export async function openIntake(tx: WriteTx, reason: Reason = "stop"): Promise<boolean> {
  const { changes } = await tx.run("delete from drains where reason = $reason", { reason });
  return changes === 1;
}

/** Why claims and sends are refused; null while they are not. */
export async function whyClosed(tx: ReadTx): Promise<Closed | null> {
  return (await tx.get<{ reason: Closed | null }>(`select ${whyClosedSql} as reason`))!.reason;
}

/** Throws E_DRAINING while the bus takes no claims and no messages. */
export async function refuseWhileDraining(tx: ReadTx): Promise<void> {
  const reason = await whyClosed(tx);
  if (reason !== null) throw draining(reason);
}

/** Throws E_DRAINING once a drain has parked what was left: what belongs to work in hand may go on until then. */
export async function refuseOnceDrained(tx: ReadTx): Promise<void> {
  const drained = await tx.get("select 1 from drains where parked_at is not null");
  if (drained !== undefined) throw draining("drained");
}

/** The drain that is in force; undefined when there is none, also while a swarm goes down. */
export async function findDrain(tx: ReadTx): Promise<Drain | undefined> {
  return await tx.get<Drain>(
    `select id, started_at as startedAt, deadline_tick as deadlineTick, leased,
            parked_at as parkedAt, parked, returned
       from drains where reason = 'drain'`,
  );
}

/** Whether what is left has to be parked now. */
export function isOverdue(drain: Drain, tick: number): boolean {
  return drain.parkedAt === null && drain.deadlineTick <= tick;
}

const hints: Record<Closed, string> = {
  drained: "skep resume opens it again, and brings back what was parked.",
  drain:
    "What is held may be settled until the drain is over (skep status). skep resume opens the bus again.",
  stop: "What is held may still be settled. It opens when the swarm is down; skep up opens it too.",
};

/** The error for whoever comes while the bus drains. */
export function draining(reason: Closed): SkepError {
  const how = { drain: "draining", stop: "draining while its swarm goes down", drained: "drained" };
  return new SkepError(
    "E_DRAINING",
    `the bus is ${how[reason]}: it takes no claims and no new messages`,
    { hint: hints[reason], retryAfterMs: 1_000 },
  );
}
