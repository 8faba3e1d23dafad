// Batches in the model: all or nothing, or line by line.
import { parkOverdue } from "./holding.ts";
import { retainAfter } from "./retention.ts";
import {
  type Load,
  type ModelDraft,
  type Outcome,
  type Refused,
  countRefusal,
  hasId,
  isRefused,
  judge,
  put,
} from "./sending.ts";
import { type Model, type Refusal, copyOf, isClosed } from "./state.ts";

interface How {
  atomic: boolean;
  /** Whether there is time left to wait for room. */
  waits?: boolean;
  answerInbox?: string;
}

/** Sends `drafts`: an outcome for each, or why all of them were refused; "waits" when that is no refusal yet. */
export function sendBatch(
  model: Model,
  from: string | null,
  drafts: readonly ModelDraft[],
  { atomic, waits = false, answerInbox }: How,
): Outcome[] | Refusal | "waits" {
  if (drafts.length === 0) return [];
  if (isClosed(model)) {
    parkOverdue(model);
    return "E_DRAINING";
  }
  // What is refused alone takes nothing back: what was seen to for its sake stays.
  const isAlone = drafts.length === 1 && drafts[0]!.replyTo === null;
  const before = atomic && !isAlone ? copyOf(model.state) : undefined;
  const outcomes: Outcome[] = [];
  const final: Refused[] = [];
  for (const [index, draft] of drafts.entries()) {
    seeToAll(model, from, togetherFrom(drafts, index));
    const outcome = put(model, from, draft, { answerInbox });
    const refused = isRefused(outcome) ? outcome : undefined;
    if (waits && refused !== undefined) return "waits";
    if (atomic && !hasId(outcome) && !(refused !== undefined && isAlone)) {
      model.state = before ?? model.state;
      return refused === undefined ? (outcome as Refusal) : refuseAll(model, refused, drafts);
    }
    if (refused !== undefined) final.push(refused);
    outcomes.push(outcome);
  }
  for (const refused of final) countRefusal(model, refused);
  for (const outcome of outcomes) if (hasId(outcome)) retainAfter(model, outcome.id, 1);
  const [first] = outcomes;
  if (atomic && isRefused(first)) return first.code;
  return outcomes;
}

/** What a batch is told of which one message was refused: whether all of it would be. */
function refuseAll(model: Model, refused: Refused, drafts: readonly ModelDraft[]): Refusal {
  countRefusal(model, refused);
  const { inbox, from } = refused;
  if (drafts.length === 1) return refused.code;
  if (model.state.inboxes.get(inbox) === undefined) return refused.code;
  const to = drafts.filter((draft) => draft.to === inbox);
  const load: Load = {
    inbox,
    deliveries: to.length,
    slots: drafts.filter(({ replyTo }) => replyTo === inbox).length,
    bytes: to.reduce((sum, { body }) => sum + body.length, 0),
    from,
  };
  return judge(model, load)?.code ?? refused.code;
}

/** Those that begin with the one at `index` and go together, when it is the first of several. */
function togetherFrom(drafts: readonly ModelDraft[], index: number): readonly ModelDraft[] {
  const joins = (at: number) => {
    const [one, other] = [drafts[at - 1], drafts[at]];
    if (one === undefined || other === undefined) return false;
    const plain = [one, other].every(({ replyTo, key }) => replyTo === null && key === null);
    const alike = one.delayMs === other.delayMs && one.ttlMs === other.ttlMs;
    return plain && alike && one.to === other.to;
  };
  if (joins(index)) return [];
  let end = index + 1;
  while (joins(end)) end++;
  return drafts.slice(index, end);
}

/** Those that go together are let in together if they can be: what is seen to for their sake stays, whatever becomes of them. */
function seeToAll(model: Model, from: string | null, those: readonly ModelDraft[]): void {
  if (those.length < 2) return;
  const inbox = those[0]!.to;
  if (model.state.inboxes.get(inbox)?.temporary !== false) return;
  const bytes = those.reduce((sum, { body }) => sum + body.length, 0);
  judge(model, { inbox, deliveries: those.length, slots: 0, bytes, from });
}
