// The orders table: what somebody wants of the swarm that runs, and what came of it.
import { SkepError, type ErrorCode } from "../core/errors.ts";
import type { ReadTx, WriteTx } from "../store/store.ts";

export type Verb = "restart" | "pause" | "unpause" | "scale" | "apply";

/** What is wanted: of an agent or a group, or of the whole swarm by its file. */
export interface Wish {
  verb: Verb;
  subject: string;
  /** How many agents a group is to have. */
  amount?: number | undefined;
}

export interface PlacedOrder extends Wish {
  id: number;
}

/** The names of the agents that an order was about, by what became of them. */
export interface Done {
  /** Told to stop, start, pause or go on. */
  agents: string[];
  added?: string[];
  removed?: string[];
  changed?: string[];
  /** Started now, for what had kept them from that was seen to. */
  again?: string[];
  unchanged?: number;
  /** Those of the unchanged that have failed, and stay so. */
  failed?: string[];
  /** What is left in inboxes that no agent works on any more. */
  left?: Left[];
  /** Who may write to whom, when that is not what it was. */
  topology?: { now: string; before: string; why: string };
}

/** How many messages nobody has settled in an inbox. */
export interface Left {
  inbox: string;
  messages: number;
}

/** Places an order with the supervisor of `run`: its id. */
export async function placeOrder(tx: WriteTx, run: number, wish: Wish): Promise<number> {
  const { verb, subject, amount = null } = wish;
  const { lastId } = await tx.run(
    `insert into orders (run, verb, subject, amount, asked_at) values ($run, $verb, $subject, $amount, $now)`,
    { run, verb, subject, amount, now: tx.now },
  );
  return lastId;
}

/** The orders of `run` that nobody has seen to, in the order they came; none mostly. */
export async function openOrders(tx: ReadTx, run: number): Promise<PlacedOrder[]> {
  return await tx.all<PlacedOrder>(
    "select id, verb, subject, amount from orders where done_at is null and run = $run order by id",
    { run },
  );
}

/** Notes that its supervisor begins with the order `id`: whether it is still there to be seen to. */
export async function takeOrder(tx: WriteTx, id: number): Promise<boolean> {
  const { changes } = await tx.run(
    "update orders set taken_at = $now where id = $id and done_at is null",
    { id, now: tx.now },
  );
  return changes === 1;
}

/** Whether its supervisor has begun with the order `id`, or is done with it. */
export async function isTaken(tx: ReadTx, id: number): Promise<boolean> {
  const taken = await tx.get("select 1 from orders where id = $id and taken_at is not null", {
    id,
  });
  return taken !== undefined;
}

/** Takes an order back, unless its supervisor has begun with it, or it has been: whether it was. */
export async function withdrawOrder(tx: WriteTx, id: number): Promise<boolean> {
  const { changes } = await tx.run(
    "delete from orders where id = $id and done_at is null and taken_at is null",
    { id },
  );
  return changes === 1;
}

/** Notes how an order went. */
export async function answerOrder(
  tx: WriteTx,
  id: number,
  answer: Done | SkepError,
): Promise<void> {
  const text =
    answer instanceof SkepError
      ? { error: { code: answer.code, message: answer.message, hint: answer.hint ?? null } }
      : { done: answer };
  await tx.run("update orders set done_at = $now, answer = $text where id = $id", {
    id,
    text: JSON.stringify(text),
    now: tx.now,
  });
}

/** How the order `id` went; undefined while it is not seen to. Throws what its supervisor refused it with. */
export async function orderAnswer(tx: ReadTx, id: number): Promise<Done | undefined> {
  const row = await tx.get<{ answer: string | null }>("select answer from orders where id = $id", {
    id,
  });
  if (row?.answer == null) return undefined;
  const { done, error } = JSON.parse(row.answer) as {
    done?: Done;
    error?: { code: ErrorCode; message: string; hint: string | null };
  };
  if (error === undefined) return done;
  throw new SkepError(error.code, error.message, { hint: error.hint ?? undefined });
}

/** Forgets the orders of earlier runs than `run`. */
export async function forgetOrders(tx: WriteTx, run: number): Promise<void> {
  await tx.run("delete from orders where run < $run", { run });
}
