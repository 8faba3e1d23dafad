// What the model forgets, and what else a turn of retention sees to.
import { end, expireOverdue, isOverdue, sweep } from "./endings.ts";
import { type Model, lying } from "./state.ts";

const turnEvery = 256;
const postponeMs = 60_000;

/** The turns that fall to whoever sent or claimed so many ids from `first` on. */
export function retainAfter(model: Model, first: number, count: number): void {
  for (let id = first; id < first + count; id++) if (id % turnEvery === 0) retain(model);
}

/** One turn. */
export function retain(model: Model): void {
  closeTemporary(model);
  const { state, clock } = model;
  for (const item of state.items.values())
    if ((item.state === "ready" || item.state === "delayed") && isOverdue(model, item))
      expireOverdue(model, item.inbox);
  for (const [key, { expiresAt }] of state.keys)
    if (expiresAt <= clock.now()) state.keys.delete(key);
  forget(model);
}

/** Takes the inboxes of requests away that nobody waits for any more, with what came too late. */
function closeTemporary(model: Model): void {
  const { state, clock } = model;
  const over = [...state.inboxes].filter(
    ([, { expiresAt }]) => expiresAt !== null && expiresAt <= clock.now(),
  );
  for (const [name, { temporary }] of over) {
    if (lying(model, name, "leased").length > 0) sweep(model, name);
    for (const item of state.items.values())
      if (item.owed && item.state !== "leased")
        if (state.messages.get(item.messageId)!.replyTo === name) item.owed = false;
    for (const waiting of ["ready", "delayed"] as const)
      for (const item of lying(model, name, waiting)) end(model, item, "purged");
    if (temporary) closeInbox(model, name);
  }
  for (const [name] of over) {
    const left = state.inboxes.get(name);
    if (left !== undefined) left.expiresAt = clock.now() + postponeMs;
  }
}

/** Takes the temporary inbox `name` away when nothing lies there and no answer is to come. */
export function closeInbox({ state }: Model, name: string): void {
  if (state.inboxes.get(name)?.temporary !== true) return;
  for (const { inbox, owed, messageId } of state.items.values())
    if (inbox === name || (owed && state.messages.get(messageId)!.replyTo === name)) return;
  state.inboxes.delete(name);
}

/** Forgets what ended long ago, as far as everything that was sent before it is old as well. */
function forget({ state, settings, clock }: Model): void {
  const { historyKeepMs, deadKeepMs, historyRowsMax } = settings;
  const now = clock.now();
  const newest = state.nextId - 1;
  const floor = newest - historyRowsMax;
  const oldAt = now - Math.min(historyKeepMs, deadKeepMs);
  for (const { id, deliveries, sentAt } of state.messages.values()) {
    if (id > floor && sentAt > oldAt && sentAt <= now) break;
    let left = false;
    for (let one = id; one < id + deliveries; one++) {
      const ended = state.ended.get(one);
      if (ended !== undefined && (ended.endedAt <= now - historyKeepMs || one <= floor))
        state.ended.delete(one);
      const dead = state.dead.get(one);
      if (dead !== undefined && dead.diedAt <= now - deadKeepMs) state.dead.delete(one);
      const lives = state.items.has(one) || state.ended.has(one) || state.dead.has(one);
      if (!lives) state.attempts = state.attempts.filter((attempt) => attempt.id !== one);
      left ||= lives;
    }
    if (!left && id + deliveries - 1 !== newest) state.messages.delete(id);
  }
}
