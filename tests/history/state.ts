// What lies in the database when a run is over, as values.
import { conservation } from "../../src/bus/inboxes.ts";
import type { ReadTx, Store } from "../../src/store/store.ts";
import { auditLedger } from "../helpers/audit-ledger.ts";
import { uidOf } from "./body.ts";
import { addTo } from "./group.ts";

export interface Row {
  id: number;
  /** How many inboxes it went to. */
  deliveries: number;
  sender: string | null;
  /** Null when its body is none that anybody sent. */
  uid: string | null;
  bytes: number;
}

/** A delivery, wherever it lies. */
export interface Lying {
  id: number;
  message: number;
  inbox: string;
  state: "ready" | "delayed" | "leased" | "parked" | "acked" | "expired" | "purged" | "dead";
  epoch: number;
  nonce: number | null;
  attempt: number;
  /** Who claimed it last. */
  holder: string | null;
}

/** A claim that came to nothing. */
export interface Attempt {
  delivery: number;
  epoch: number;
  outcome: string;
}

export interface State {
  /** By uid; several where one was stored more than once. What nobody sent is under "". */
  messages: Map<string, Row[]>;
  /** By the message's id. */
  uids: Map<number, string>;
  deliveries: Map<number, Lying>;
  /** By delivery and epoch, as "17.1". */
  attempts: Map<string, Attempt>;
  /** What is wrong with the database itself; none mostly. */
  damage: string[];
}

/** The state that these rows make. */
export function stateOf(
  messages: readonly Row[],
  deliveries: readonly Lying[],
  attempts: readonly Attempt[] = [],
  damage: readonly string[] = [],
): State {
  const byUid = new Map<string, Row[]>();
  for (const row of messages) addTo(byUid, row.uid ?? "", row);
  return {
    messages: byUid,
    uids: new Map(messages.map(({ id, uid }) => [id, uid ?? ""])),
    deliveries: new Map(deliveries.map((one) => [one.id, one])),
    attempts: new Map(attempts.map((one) => [`${one.delivery}.${one.epoch}`, one])),
    damage: [...damage],
  };
}

/** What lies in `store`; of a bus that `forgets` the past may be gone. */
export async function readState(store: Store, forgets: boolean): Promise<State> {
  const damage = await damageOf(store, forgets);
  const { messages, deliveries, attempts } = await store.read(async (tx) => ({
    messages: await tx.all<Omit<Row, "uid" | "bytes"> & { body: Uint8Array }>(
      "select id, deliveries, sender, body from messages order by id",
    ),
    deliveries: await tx.all<Lying>(
      `select id, message_id as message, inbox, state, epoch, nonce, attempt, holder from deliveries
       union all
       select delivery_id, message_id, inbox, outcome, epoch, nonce, attempt, holder from history
       union all
       select delivery_id, message_id, inbox, 'dead', epoch, null, attempt, holder from dead_letters`,
    ),
    attempts: await tx.all<Attempt>("select delivery_id as delivery, epoch, outcome from attempts"),
  }));
  const rows = messages.map(({ body, ...row }) => ({
    ...row,
    uid: uidOf(body),
    bytes: body.length,
  }));
  return stateOf(rows, deliveries, attempts, damage);
}

async function damageOf(store: Store, forgets: boolean): Promise<string[]> {
  const damage = await store.read(async (tx) => [
    ...(await complaints(tx, "select integrity_check as said from pragma_integrity_check")),
    ...(await complaints(tx, `select "table" as said from pragma_foreign_key_check`)),
    ...((await conservation(tx)).holds ? [] : ["the sums of the ledger do not add up"]),
  ]);
  try {
    await auditLedger({ store }, { forgets });
  } catch (error) {
    damage.push((error as Error).message.replaceAll(/\s+/g, " ").slice(0, 400));
  }
  return damage;
}

async function complaints(tx: ReadTx, sql: string): Promise<string[]> {
  const rows = await tx.all<{ said: string }>(sql);
  return rows.map(({ said }) => said).filter((said) => said !== "ok");
}
