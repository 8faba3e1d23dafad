// Dead letters of the model, and purges.
import { end } from "./endings.ts";
import { type Dead, type Model, type Refusal, isClosed, lying } from "./state.ts";

/** Has dead letters tried again as if they never had been: their ids; those whose inbox is gone stay. */
export function retryDead(model: Model, letters: readonly Dead[]): number[] | Refusal {
  if (isClosed(model)) return "E_DRAINING";
  const { state } = model;
  const raised = letters.filter(({ inbox }) => state.inboxes.has(inbox));
  for (const { id, messageId, inbox, epoch } of raised) {
    state.dead.delete(id);
    state.inboxes.get(inbox)!.dead--;
    state.attempts.push({ id, epoch: epoch + 1, outcome: "retried" });
    const killed = state.attempts.some(
      (one) => one.id === id && (one.outcome === "died" || one.outcome === "expired"),
    );
    const { replyTo } = state.messages.get(messageId)!;
    state.items.set(id, {
      id,
      messageId,
      inbox,
      state: "ready",
      owed: replyTo !== null && state.inboxes.has(replyTo),
      alone: killed,
      attempt: 0,
      epoch: epoch + 1,
      receipt: null,
      holder: null,
      leaseTick: null,
      dueTick: null,
      dueAt: null,
      expiresAt: null,
      parkedBy: null,
    });
  }
  return raised.map(({ id }) => id).toSorted((a, b) => a - b);
}

/** Ends dead letters for good. */
export function dropDead({ state, clock }: Model, letters: readonly Dead[]): number[] {
  for (const { id, messageId, inbox } of letters) {
    state.dead.delete(id);
    state.ended.set(id, {
      id,
      messageId,
      outcome: "purged",
      receipt: null,
      endedAt: clock.now(),
    });
    const account = state.inboxes.get(inbox);
    if (account === undefined) continue;
    account.dead--;
    account.purged++;
  }
  return letters.map(({ id }) => id).toSorted((a, b) => a - b);
}

/** The dead letters of `inbox`, by number. */
export function deadIn({ state }: Model, inbox: string): Dead[] {
  return [...state.dead.values()]
    .filter((one) => one.inbox === inbox)
    .toSorted((a, b) => a.id - b.id);
}

export interface Purgeable {
  live: number[];
  dead: number[];
}

/** What a purge of `inbox` would end. */
export function findPurgeable(model: Model, inbox: string, olderThanMs: number): Purgeable {
  const before = model.clock.now() - olderThanMs;
  const isOld = ({ messageId }: { messageId: number }) =>
    model.state.messages.get(messageId)!.sentAt <= before;
  const live = (["ready", "delayed", "parked"] as const).flatMap((is) => lying(model, inbox, is));
  return {
    live: idsOf(live.filter(isOld)),
    dead: idsOf(deadIn(model, inbox).filter(isOld)),
  };
}

/** Ends what was found and is still there, in nobody's hands: how many of the living and the dead. */
export function purge(model: Model, inbox: string, { live, dead }: Purgeable): [number, number] {
  const { state } = model;
  let ended = 0;
  for (const id of live) {
    const item = state.items.get(id);
    if (item === undefined || item.inbox !== inbox || item.state === "leased") continue;
    end(model, item, "purged");
    ended++;
  }
  const letters = dead.flatMap((id) => state.dead.get(id) ?? []);
  return [ended, dropDead(model, letters).length];
}

function idsOf(all: readonly { id: number }[]): number[] {
  return all.map(({ id }) => id).toSorted((a, b) => a - b);
}
