// The story of one message: everything that anybody did with it, who held it when, and where it lies.
import { type Call, type Fault, type History, partsOf } from "./history.ts";
import type { State } from "./state.ts";

/** A line for each event of the message that `fault` is about, in order; none when it is about none. */
export function storyOf(history: History, { uid, delivery }: Fault): string[] {
  const { state, calls, faults } = history;
  const id = delivery ?? state.messages.get(uid ?? "")?.[0]?.id;
  const name = uid ?? (id === undefined ? undefined : nameOf(history, id));
  if (id === undefined && name === undefined) return [];
  const told = calls.filter((call) => isAbout(call, name, id));
  const startMs = told[0]?.startMs ?? 0;
  const lines = told.flatMap((call) => linesOf(call, { name, id, startMs }));
  const who = new Set(told.map(({ client }) => client));
  for (const { op, t, args } of faults) {
    const met = args?.clients?.filter((client) => who.has(client)) ?? [];
    if (met.length > 0 && t > startMs) lines.push({ t, text: `${met.join(", ")}: ${op}` });
  }
  // What closes the bus concerns everybody who holds something.
  for (const { op, startMs: t, endMs, client, outcome } of calls)
    if ((op === "drain" || op === "resume") && t > startMs && t < lastOf(told))
      lines.push({ t, text: `${client}: ${op}, ${outcome}${until(endMs, startMs)}` });
  lines.sort((a, b) => a.t - b.t);
  return [
    ...lines.map(({ t, text }) => `${(t - startMs).toFixed(1).padStart(9)} ms  ${text}`),
    ...(id === undefined ? [] : [`in the end     ${endOf(state, id)}`]),
  ];
}

interface Line {
  t: number;
  text: string;
}

function isAbout({ args, result }: Call, uid: string | undefined, id: number | undefined): boolean {
  const isIts = (receipt: string | undefined) =>
    receipt !== undefined && id !== undefined && partsOf(receipt).delivery === id;
  return (
    args.sends?.some((sending) => sending.uid === uid) === true ||
    args.acks?.some(isIts) === true ||
    isIts(args.nack) ||
    isIts(args.extend) ||
    result.got?.some(({ receipt }) => isIts(receipt)) === true
  );
}

function linesOf(
  call: Call,
  about: { name: string | undefined; id: number | undefined; startMs: number },
): Line[] {
  const { client, op, args, result, outcome, startMs: t, endMs } = call;
  const got = result.got?.find(({ receipt }) => partsOf(receipt).delivery === about.id);
  const at = args.sends?.findIndex(({ uid }) => uid === about.name) ?? -1;
  const parts = [
    ...(at >= 0 ? [sentText(call, at)] : []),
    ...(args.acks ?? []).filter((receipt) => partsOf(receipt).delivery === about.id),
    ...[args.nack, args.extend].filter((receipt) => receipt !== undefined),
    ...(got === undefined
      ? []
      : [
          `gets ${got.receipt} of ${got.inbox}, attempt ${got.attempt}, for ${args.claim?.leaseMs} ms`,
        ]),
  ];
  const end = outcome === "info" ? "nobody knows" : (result.code ?? "ok");
  return [
    { t, text: `${client}: ${op} ${parts.join(", ")}: ${end}${until(endMs, about.startMs)}` },
  ];
}

function sentText({ args, result }: Call, at: number): string {
  const { uid, to, key, topic } = args.sends![at]!;
  const id = result.sent?.[at];
  return `${uid} to ${to ?? topic ?? "whoever asked"}${key === undefined ? "" : ` with key ${key}`}${id === undefined ? "" : ` (${id})`}`;
}

function until(endMs: number, startMs: number): string {
  return Number.isFinite(endMs) ? `, until ${(endMs - startMs).toFixed(1)}` : "";
}

function nameOf({ state, lives }: History, id: number): string | undefined {
  const message = state.deliveries.get(id)?.message;
  const uid = message === undefined ? undefined : state.uids.get(message);
  return uid ?? lives.get(id)?.claims[0]?.got.uid ?? undefined;
}

function lastOf(calls: readonly Call[]): number {
  return calls.reduce((last, { startMs }) => Math.max(last, startMs), 0);
}

/** Where it lies, and what became of its claims. */
function endOf({ deliveries, attempts }: State, id: number): string {
  const lying = deliveries.get(id);
  if (lying === undefined) return "it is nowhere";
  const { state, inbox, epoch, attempt } = lying;
  const past = Array.from({ length: epoch }, (_, n) => attempts.get(`${id}.${n + 1}`));
  const outcomes = past
    .filter((one) => one !== undefined)
    .map((one) => `${one.epoch} ${one.outcome}`);
  return [`it is ${state} in ${inbox}, claim ${epoch}, attempt ${attempt}`, ...outcomes].join("; ");
}
