// The verbs of the bus as a test uses them: one transaction each, and text for bodies.
import { type Claim, claimTx } from "../../src/bus/claim.ts";
import type { Bus } from "../../src/bus/bus.ts";
import type { Delivery, Draft, Sent } from "../../src/bus/message.ts";
import { createTemporaryInbox } from "../../src/bus/ledger.ts";
import { send } from "../../src/bus/send.ts";
import { type Answered, ackTx, extendTx, nackTx } from "../../src/bus/settle.ts";
import { bytesOf, textOf } from "../../src/core/text.ts";

type Parts = Pick<Bus, "store" | "settings">;

/** A draft with a text for its body. */
export function draft(
  to: string,
  body = "hello",
  more: Partial<Omit<Draft, "to" | "body">> = {},
): Draft {
  return { to, body: bytesOf(body), ...more };
}

/** Sends one message and does not wait for room. */
export function put(
  bus: Bus,
  to: string,
  body = "hello",
  { from = null, ...more }: Partial<Omit<Draft, "to" | "body">> & { from?: string | null } = {},
): Promise<Sent> {
  return send(bus, draft(to, body, more), { from, onFull: "fail", timeoutMs: 0 });
}

/** Asks `to` as a request does it, with `answerInbox` for the answer, which is there until `goneAt`. */
export async function ask(
  bus: Bus,
  to: string,
  answerInbox: string,
  goneAt = Number.MAX_SAFE_INTEGER,
): Promise<Sent> {
  await bus.store.write((tx) => createTemporaryInbox(tx, answerInbox, goneAt));
  const options = { from: "asker", onFull: "fail", timeoutMs: 0, answerInbox } as const;
  return await send(bus, draft(to, "?", { replyTo: answerInbox }), options);
}

/** Claims what is ready, everything by default. */
export function take(
  { store, settings }: Parts,
  inbox: string,
  claim: Partial<Omit<Claim, "inbox">> = {},
): Promise<(Delivery & { receipt: string })[]> {
  const all = { inbox, holder: "somebody", max: 100, leaseMs: settings.leaseMs, ...claim };
  return store.write((tx) => claimTx(tx, settings, all)) as never;
}

/** Claims one delivery that has to be there. */
export async function takeOne(
  bus: Parts,
  inbox: string,
  claim: Partial<Omit<Claim, "inbox">> = {},
): Promise<Delivery & { receipt: string }> {
  const [delivery] = await take(bus, inbox, { ...claim, max: 1 });
  if (delivery === undefined) throw new Error(`nothing to claim in ${inbox}`);
  return delivery;
}

export function ack(
  { store, settings }: Parts,
  receipt: string,
  { reply, ...more }: Omit<Partial<Answered>, "reply"> & { reply?: string } = {},
) {
  const answer = reply === undefined ? {} : { reply: { body: bytesOf(reply) } };
  return store.write((tx) => ackTx(tx, settings, receipt, { from: null, ...more, ...answer }));
}

export function nack(
  { store, settings }: Parts,
  receipt: string,
  more: { delayMs?: number; reason?: string } = {},
) {
  return store.write((tx) => nackTx(tx, settings, receipt, more));
}

export function extend({ store, settings }: Parts, receipt: string, leaseMs = settings.leaseMs) {
  return store.write((tx) => extendTx(tx, receipt, leaseMs));
}

/** The bodies as texts, in order. */
export function texts(deliveries: readonly Pick<Delivery, "body">[]): (string | undefined)[] {
  return deliveries.map(({ body }) => textOf(body));
}

/** The ledger's row of an inbox, as far as it counts deliveries; undefined when there is none. */
export function ledgerOf({ store }: Parts, inbox: string) {
  return store.read((tx) =>
    tx.get<Record<"ready" | "delayed" | "leased" | "parked" | "reserved" | "bytes", number>>(
      "select ready, delayed, leased, parked, reserved, bytes from ledger where inbox = $inbox",
      { inbox },
    ),
  );
}

/** How many rows a table has. */
export async function rowsOf({ store }: Parts, table: string): Promise<number> {
  const row = await store.read((tx) => tx.get<{ n: number }>(`select count(*) as n from ${table}`));
  return row!.n;
}
