// What a client has in mind: what it holds, what it may try again, and what it was not told the end of.
import type { Args, Got, Sending } from "../event.ts";
import type { Call } from "../history.ts";
import type { Outcome } from "../record.ts";

/** Something a client may call. */
export interface Step {
  op: string;
  args: Args;
}

export interface Mind {
  name: string;
  /** How many messages it has thought of. */
  count: number;
  /** What it claimed and has not settled, as far as it knows. */
  holding: Got[];
  /** Receipts that it has settled; it may come back to them. */
  settled: string[];
  /** What it sent with a key. */
  keyed: Sending[];
  /** What to call again, for nobody knows whether it was done. */
  unsure: Step[];
}

/** How much of the past it comes back to. */
const memory = 5;

/** The mind of the client `name`, which has done nothing yet. */
export function newMind(name: string): Mind {
  return { name, count: 0, holding: [], settled: [], keyed: [], unsure: [] };
}

/** Takes in how `step` went. */
export function learn(mind: Mind, { op, args }: Step, { type, result }: Outcome): void {
  const over = type === "ok" || result.code === "E_STALE" || result.code === "E_NOT_FOUND";
  const shown = [...(args.acks ?? []), args.nack, args.extend].filter((one) => one !== undefined);
  const kept = type === "ok" ? args.extend : undefined;
  if (over) {
    mind.holding = mind.holding.filter(
      ({ receipt }) => receipt === kept || !shown.includes(receipt),
    );
    remember(mind.settled, ...shown);
  }
  if (args.acksAll !== true) mind.holding.push(...(op === "request" ? [] : (result.got ?? [])));
  if (type === "ok") remember(mind.keyed, ...keyedIn(inNameOf(mind, args)));
  if (type === "info" && isRepeatable(args)) mind.unsure.push({ op, args: inNameOf(mind, args) });
}

/** The mind of `name`, which takes over from one that made `calls` and was killed. */
export function heirOf(name: string, predecessor: string, calls: readonly Call[]): Mind {
  const mind = newMind(predecessor);
  for (const { op, args, outcome, result } of calls)
    learn(mind, { op, args }, { type: outcome, result });
  return { ...mind, name, count: 0 };
}

// Only what is sent once however often it is tried; a claim that nobody was told of is over with its lease.
function isRepeatable(args: Args): boolean {
  return keyedIn(args).length > 0 || (args.acks?.length === 1 && args.claim === undefined);
}

function keyedIn({ sends = [] }: Args): Sending[] {
  return sends.filter(({ key }) => key !== undefined);
}

/** `args` with the name of whoever sends, which its heir takes on for that: a key is its sender's own. */
function inNameOf({ name }: Mind, args: Args): Args {
  if (args.sends === undefined) return args;
  return { ...args, sends: args.sends.map((sending) => ({ from: name, ...sending })) };
}

function remember<Item>(items: Item[], ...more: Item[]): void {
  items.push(...more);
  items.splice(0, items.length - memory);
}
