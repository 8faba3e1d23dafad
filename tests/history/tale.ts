// Histories written by hand, for the tests of the checks: small, and with one thing wrong at most.
import type { Args, Got, Result, Sending } from "./event.ts";
import { type Call, type History, type Parts, historyOf } from "./history.ts";
import { type Attempt, type Lying, type Row, type State, stateOf } from "./state.ts";

type Span = readonly [startMs: number, endMs: number];

/** Who calls, from when to when; without an end nobody knows how it ended. */
export interface Of {
  by: string;
  at: Span;
  outcome?: "fail" | "info";
}

/** Any call. */
export function call(op: string, of: Of, args: Args = {}, result: Result = {}): Call {
  const { by, at, outcome = "ok" } = of;
  return { client: by, n: ++calls, op, args, result, outcome, startMs: at[0], endMs: at[1] };
}

let calls = 0;

/** A message as its sender means it. */
export function sending(uid: string, more: Partial<Sending> = {}): Sending {
  return { uid, to: "in", bytes: 100, ...more };
}

/** A send that was told `id`, or the code of its refusal; nothing when nobody knows. */
export function send(
  of: Of,
  uid: string,
  told: number | string | undefined,
  more: Partial<Sending> = {},
): Call {
  const args = { sends: [sending(uid, more)] };
  if (typeof told === "string")
    return call("send", { ...of, outcome: "fail" }, args, { code: told });
  if (told === undefined) return call("send", { ...of, outcome: "info" }, args);
  return call("send", of, args, { sent: [told] });
}

/** A delivery of the message `uid` of `from`, as its claimer sees it. */
export function got(receipt: string, uid: string | null, more: Partial<Got> = {}): Got {
  const id = Number.parseInt(receipt, 10);
  const whole = { bytes: 100, from: "ann", inbox: "in", priority: 4, attempt: 1, replyTo: null };
  return { receipt, id, uid, ...whole, ...more };
}

/** A claim that got all of `all`, for 1,000 ms. */
export function claim(of: Of, ...all: Got[]): Call {
  const args = { claim: { inbox: "in", max: 10, leaseMs: 1_000, waitMs: 0 } };
  return call("claim", of, args, { got: all });
}

/** An ack of `receipt` with what is sent in it; accepted `again` when it had been before. */
export function ack(
  of: Of,
  receipt: string,
  { again = false, sends = [] }: { again?: boolean; sends?: Sending[] } = {},
): Call {
  const args = { acks: [receipt], ...(sends.length > 0 && { sends }) };
  if (of.outcome === "fail") return call("ack", of, args, { code: "E_STALE" });
  if (of.outcome === "info") return call("ack", of, args);
  return call("ack", of, args, { acked: [again ? { receipt, again } : { receipt }] });
}

/** The message `uid` of `sender`, stored as `id`. */
export function row(uid: string | null, id: number, sender = "ann", deliveries = 1): Row {
  return { id, uid, sender, deliveries, bytes: 100 };
}

/** A delivery in the end. */
export function lying(id: number, state: Lying["state"], more: Partial<Lying> = {}): Lying {
  const rest = { inbox: "in", epoch: 0, nonce: null, attempt: 0, holder: null };
  return { id, message: id, state, ...rest, ...more };
}

/** A delivery that was acked with `receipt`. */
export function acked(receipt: string, more: Partial<Lying> = {}): Lying {
  const [id, epoch, nonce] = receipt.split(".").map(Number);
  return lying(id!, "acked", { epoch: epoch!, nonce: nonce!, ...more });
}

/** The history of these calls and what they left. */
export function tale(
  calls: readonly Call[],
  left: {
    rows?: readonly Row[];
    lying?: readonly Lying[];
    attempts?: readonly Attempt[];
    damage?: readonly string[];
  } = {},
  more: Partial<Omit<Parts, "calls" | "state">> = {},
): History {
  return historyOf({ calls, state: stateFrom(left), ...more });
}

/** The state of these rows. */
export function stateFrom({
  rows = [],
  lying = [],
  attempts = [],
  damage = [],
}: Parameters<typeof tale>[1] & {} = {}): State {
  return stateOf(rows, lying, attempts, damage);
}

/** The texts of `faults`. */
export function textsOf(faults: readonly { text: string }[]): string[] {
  return faults.map(({ text }) => text);
}
