// How deliveries of the model end, or go back to their inbox.
import { type Item, type Model, lying } from "./state.ts";

export type Ending = "nacked" | "expired" | "died" | "returned";

/** Whether nobody wants it any more. */
export function isOverdue({ clock }: Model, { expiresAt }: Item): boolean {
  return expiresAt !== null && expiresAt <= clock.now();
}

/** Ends `item` for good. */
export function end(
  { state, clock }: Model,
  item: Item,
  outcome: "acked" | "expired" | "purged",
): void {
  const { id, messageId, inbox } = item;
  state.items.delete(id);
  const receipt = outcome === "acked" ? item.receipt : null;
  state.ended.set(id, { id, messageId, outcome, receipt, endedAt: clock.now() });
  // The inbox of a request may be gone.
  const account = state.inboxes.get(inbox);
  if (account !== undefined) account[outcome]++;
}

/** Ends the claim on `item`: what it is then. */
export function giveBack(
  model: Model,
  item: Item,
  ending: Ending,
  delayMs = 0,
): "ready" | "delayed" | "dead" | "expired" {
  const { state, settings, clock } = model;
  const { id, messageId, inbox, attempt, epoch } = item;
  state.attempts.push({ id, epoch, outcome: ending });
  if (ending !== "returned" && attempt >= settings.maxAttempts) {
    state.items.delete(id);
    state.dead.set(id, { id, messageId, inbox, attempt, epoch, diedAt: clock.now() });
    state.inboxes.get(inbox)!.dead++;
    return "dead";
  }
  if (isOverdue(model, item)) {
    end(model, item, "expired");
    return "expired";
  }
  item.state = delayMs > 0 ? "delayed" : "ready";
  item.dueTick = delayMs > 0 ? clock.tick() + delayMs : null;
  item.leaseTick = null;
  if (ending === "returned") item.attempt--;
  if (ending === "died" || ending === "expired") item.alone = true;
  // Who was merely slow may still ack, as long as nobody else has claimed.
  if (ending !== "expired") item.receipt = null;
  return item.state;
}

/** Sees to what time has done in `inbox`. */
export function sweep(model: Model, inbox: string): void {
  const { clock } = model;
  for (const item of lying(model, inbox, "leased"))
    if (item.leaseTick! <= clock.tick()) giveBack(model, item, "expired");
  for (const item of lying(model, inbox, "delayed")) {
    const rested = item.dueTick !== null && item.dueTick <= clock.tick();
    const due = item.dueAt !== null && item.dueAt <= clock.now();
    if (rested || due) Object.assign(item, { state: "ready", dueTick: null });
  }
}

/** Ends what waits in `inbox` and nobody wants any more. */
export function expireOverdue(model: Model, inbox: string): void {
  for (const state of ["ready", "delayed"] as const)
    for (const item of lying(model, inbox, state))
      if (isOverdue(model, item)) end(model, item, "expired");
}

/** Gives back all that `holder` holds, or everybody: how many. */
export function handBack(model: Model, ending: Ending, holder?: string): number {
  const held = [...model.state.items.values()].filter(
    (item) => item.state === "leased" && (holder === undefined || item.holder === holder),
  );
  for (const item of held) giveBack(model, item, ending);
  return held.length;
}

/** Ends the delivery `id` unless somebody has claimed it; a parked one when it is brought back. */
export function withdraw(model: Model, id: number): void {
  const item = model.state.items.get(id);
  if (item?.state === "ready" || item?.state === "delayed") end(model, item, "expired");
  if (item?.state === "parked") item.expiresAt = model.clock.now();
}
