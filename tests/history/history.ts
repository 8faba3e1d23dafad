// A history: every call of a run from its start to its end, what was left in the database, and who had what when.
import type { Args, Event, Got, Result, Sending } from "./event.ts";
import { addTo } from "./group.ts";
import type { State } from "./state.ts";

/** An invocation with its end; one that has none ended nobody knows when. */
export interface Call {
  client: string;
  n: number;
  op: string;
  args: Args;
  result: Result;
  outcome: "ok" | "fail" | "info";
  startMs: number;
  endMs: number;
}

/** What the checks have to know of how the bus was set up. */
export interface Rules {
  cap: number;
  capBytes: number;
  bodyBytesMax: number;
  maxAttempts: number;
  /** Whether what has ended may be forgotten. */
  forgets: boolean;
}

/** An inbox that was seen fuller than it may be. */
export interface Overfull {
  t: number;
  inbox: string;
  taken: number;
  bytes: number;
}

/** How it ended: how long it took until nothing was left to do, or what was. */
export interface Finish {
  ms: number;
  boundMs: number;
  left: number;
}

export interface Parts {
  calls: readonly Call[];
  faults?: readonly Event[];
  overfull?: readonly Overfull[];
  state: State;
  /** What a power cut left of it. */
  cut?: State | undefined;
  finish?: Finish | undefined;
  rules?: Partial<Rules>;
}

/** One try to send a message. */
export interface Try {
  call: Call;
  sending: Sending;
  outcome: "ok" | "fail" | "info";
  /** The message's id, where it was told. */
  id?: number;
  code?: string;
  /** Whether it had been sent before. */
  again: boolean;
}

/** A claim of one delivery. */
export interface Claimed {
  call: Call;
  got: Got;
  epoch: number;
  nonce: number;
  leaseMs: number;
}

/** A receipt that was shown: to ack, to nack or to extend. */
export interface Shown {
  call: Call;
  receipt: string;
  epoch: number;
  nonce: number;
  how: "ack" | "nack" | "extend";
  outcome: "ok" | "fail" | "info";
  /** Whether it had been accepted before. */
  again: boolean;
}

/** What is known of one delivery from outside. */
export interface Life {
  id: number;
  /** In the order of their epochs. */
  claims: Claimed[];
  shown: Shown[];
}

export interface History extends Required<Omit<Parts, "cut" | "rules" | "finish">> {
  cut: State | undefined;
  finish: Finish | undefined;
  rules: Rules;
  /** By uid. */
  sends: Map<string, Try[]>;
  /** By the delivery's id. */
  lives: Map<number, Life>;
}

/** A promise that was broken, and to which delivery or message. */
export interface Fault {
  check: string;
  text: string;
  delivery?: number | undefined;
  uid?: string | null | undefined;
}

const usualRules: Rules = {
  cap: 1_000,
  capBytes: 1_000_000,
  bodyBytesMax: 10_000,
  maxAttempts: 5,
  forgets: false,
};

/** The history that `parts` tell. */
export function historyOf(parts: Parts): History {
  const { faults = [], overfull = [], rules, cut, finish, state } = parts;
  const calls = parts.calls.toSorted((a, b) => a.startMs - b.startMs);
  const sends = new Map<string, Try[]>();
  const lives = new Map<number, Life>();
  for (const call of calls) {
    for (const one of triesOf(call)) addTo(sends, one.sending.uid, one);
    for (const claim of claimsOf(call)) lifeOf(lives, claim.got.receipt).claims.push(claim);
    for (const shown of shownIn(call)) lifeOf(lives, shown.receipt).shown.push(shown);
  }
  for (const { claims } of lives.values()) claims.sort((a, b) => a.epoch - b.epoch);
  const known = { calls, faults, overfull, state, cut, finish, sends, lives };
  return { ...known, rules: { ...usualRules, ...rules } };
}

/** The calls that `events` tell of, of however many clients. */
export function callsOf(events: Iterable<Event>): Call[] {
  const calls = new Map<string, Call>();
  for (const { client, n, t, type, op, args = {}, result = {} } of events) {
    if (type === "fault") continue;
    const key = `${client} ${n}`;
    if (type === "invoke") {
      const open = { outcome: "info", result: {}, endMs: Number.POSITIVE_INFINITY } as const;
      calls.set(key, { client, n, op, args, startMs: t, ...open });
    } else Object.assign(calls.get(key)!, { outcome: type, result, endMs: t });
  }
  return [...calls.values()];
}

function* triesOf(call: Call): Generator<Try> {
  const { args, result, op } = call;
  // Whether a question that got no answer was sent is told in its message only.
  const usual = op === "request" && call.outcome === "fail" ? "info" : call.outcome;
  for (const [index, sending] of (args.sends ?? []).entries()) {
    const sent = result.sent?.[index];
    const again = result.again?.includes(index) === true;
    if (typeof sent === "number") yield { call, sending, outcome: "ok", id: sent, again };
    else if (typeof sent === "string")
      yield { call, sending, outcome: "fail", code: sent, again: false };
    // Of what was published to nobody there is nothing.
    else if (usual === "ok")
      yield { call, sending, outcome: op === "publish" ? "fail" : "info", again: false };
    else yield { call, sending, outcome: usual, code: result.code ?? "", again: false };
  }
}

function* claimsOf(call: Call): Generator<Claimed> {
  const leaseMs = call.args.claim?.leaseMs ?? 0;
  for (const got of call.result.got ?? []) {
    const { epoch, nonce } = partsOf(got.receipt);
    yield { call, got, epoch, nonce, leaseMs };
  }
}

function* shownIn(call: Call): Generator<Shown> {
  const { args, result } = call;
  const acked = new Map(result.acked?.map((one) => [one.receipt, one]));
  // What is settled with a claim is settled although the bus gives nothing out.
  const isUnsure = call.outcome === "fail" && args.claim !== undefined && result.code !== "E_STALE";
  const usual = isUnsure ? "info" : call.outcome;
  // A request acks its answer by itself.
  const all = args.acksAll === true ? (result.got ?? []).map(({ receipt }) => receipt) : undefined;
  for (const receipt of args.acks ?? all ?? acked.keys()) {
    const one = acked.get(receipt);
    const outcome = one !== undefined ? "ok" : usual === "ok" ? "info" : usual;
    yield { call, receipt, ...partsOf(receipt), how: "ack", outcome, again: one?.again === true };
  }
  const { outcome } = call;
  for (const how of ["nack", "extend"] as const) {
    const receipt = args[how];
    if (receipt !== undefined)
      yield { call, receipt, ...partsOf(receipt), how, outcome, again: false };
  }
}

/** The delivery, the number of the lease and the secret that a receipt names. */
export function partsOf(receipt: string): { delivery: number; epoch: number; nonce: number } {
  const [delivery, epoch, nonce] = receipt.split(".").map(Number);
  return { delivery: delivery!, epoch: epoch!, nonce: nonce! };
}

function lifeOf(lives: Map<number, Life>, receipt: string): Life {
  const id = partsOf(receipt).delivery;
  let life = lives.get(id);
  if (life === undefined) lives.set(id, (life = { id, claims: [], shown: [] }));
  return life;
}
