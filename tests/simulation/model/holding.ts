// What holds the work of the model up, and has it go on: drains, stops, boots, handovers.
import { giveBack, handBack } from "./endings.ts";
import { type Model, type ParkedBy, lying } from "./state.ts";

/** Takes back what is held and parks all that lies there: how many are parked. */
export function park(model: Model, by: ParkedBy): number {
  handBack(model, "returned");
  const loose = [...model.state.items.values()].filter(({ state }) => state !== "parked");
  for (const item of loose)
    Object.assign(item, { state: "parked", parkedBy: by, receipt: null, dueTick: null });
  return loose.length;
}

/** Brings back what is parked: how many. */
export function unpark({ state, clock }: Model, by: ParkedBy): number {
  const parked = [...state.items.values()].filter((item) => item.parkedBy === by);
  for (const item of parked) {
    const later = item.dueAt !== null && item.dueAt > clock.now();
    item.state = later ? "delayed" : "ready";
    item.parkedBy = null;
  }
  return parked.length;
}

/** Closes the bus, or joins the drain that is in force, and does not wait: how many it parked, or that it goes on. */
export function drain(model: Model, timeoutMs: number): number | "E_BUSY" {
  const { state, clock } = model;
  if (state.drain === null || state.drain.parked === null)
    state.drain = { deadlineTick: clock.tick() + timeoutMs, parked: null };
  if (state.drain.parked !== null) return state.drain.parked;
  const held = [...state.items.values()].some(
    (item) => item.state === "leased" && item.leaseTick! > clock.tick(),
  );
  if (held && state.drain.deadlineTick > clock.tick()) return "E_BUSY";
  state.drain.parked = park(model, "drain");
  return state.drain.parked;
}

/** Parks what a drain has left over, when its time is over. */
export function parkOverdue(model: Model): void {
  const { state, clock } = model;
  if (state.drain === null || state.drain.parked !== null) return;
  if (state.drain.deadlineTick <= clock.tick()) state.drain.parked = park(model, "drain");
}

export function resume(model: Model): number {
  if (model.state.drain === null) return 0;
  model.state.drain = null;
  return unpark(model, "drain");
}

/** A new boot: no lease, no rest after a failure and no reckoning of rates outlives it, and a drain waits for nobody. */
export function reboot(model: Model): void {
  const { state } = model;
  if (state.drain !== null && state.drain.parked === null)
    state.drain.parked = park(model, "drain");
  handBack(model, "returned");
  for (const item of state.items.values())
    if (item.state === "delayed" && item.dueAt === null)
      Object.assign(item, { state: "ready", dueTick: null });
  for (const { rate } of state.inboxes.values()) if (rate !== null) rate.arrivalTick = null;
  for (const rate of state.senders.values()) rate.arrivalTick = null;
}

/** Moves all that is to be done in one inbox to another, and what is to come there with it. */
export function handover(model: Model, from: string, to: string) {
  const { state } = model;
  const held = lying(model, from, "leased");
  for (const item of held) giveBack(model, item, "returned");
  const moved = [...state.items.values()].filter(({ inbox }) => inbox === from);
  for (const item of moved) {
    item.epoch++;
    state.attempts.push({ id: item.id, epoch: item.epoch, outcome: "moved" });
    Object.assign(item, { inbox: to, receipt: null });
  }
  state.inboxes.get(from)!.movedOut += moved.length;
  state.inboxes.get(to)!.movedIn += moved.length;
  for (const { owed, messageId } of state.items.values()) {
    const message = state.messages.get(messageId)!;
    if (owed && message.replyTo === from) message.replyTo = to;
  }
  for (const [key, one] of state.subscriptions) {
    if (one.inbox !== from) continue;
    state.subscriptions.delete(key);
    const other = `${one.pattern} ${to}`;
    if (!state.subscriptions.has(other))
      state.subscriptions.set(other, { pattern: one.pattern, inbox: to, skipped: 0 });
  }
  return { moved: moved.length, returned: held.length };
}
