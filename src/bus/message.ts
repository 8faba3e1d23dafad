// A message and its delivery, and what makes a draft fit to be sent.
import { SkepError } from "../core/errors.ts";
import { checkName } from "../core/names.ts";
import { checkRecipient } from "./address.ts";

/** What a sender hands in. */
export interface Draft {
  /** An inbox, or an address like `@workers` (see routes.ts). */
  to: string;
  body: Uint8Array;
  type?: string | null | undefined;
  thread?: string | null | undefined;
  /** The inbox that waits for an answer; its slot there is reserved when the message is admitted. */
  replyTo?: string | null | undefined;
  /** 0 to 9, the most urgent; 4 when left out. */
  priority?: number | undefined;
  /** How long it is kept back before anybody can claim it, in milliseconds. */
  delayMs?: number | undefined;
  /** How long it is wanted, in milliseconds from the commit; for good when left out. Nobody is handed it afterwards. */
  ttlMs?: number | undefined;
  /** The same as a moment, in milliseconds since 1970: it stays that however long the sender has to wait for room. */
  expiresAt?: number | undefined;
  /** Makes it one message, however often its sender sends it with this key (see keys.ts). */
  key?: string | null | undefined;
}

/** What a sender gets back once the message is committed. */
export interface Sent {
  id: number;
  to: string;
  /** Present when the inbox came into being with this message. */
  created?: true;
  /** Present when its key says that it was sent before; the id is that of the first. */
  already?: true;
  /** Present when it was sent to an address: how many inboxes got it. */
  deliveries?: number;
}

/** One message in one inbox, as its claimer sees it. */
export interface Delivery {
  id: number;
  /** What a settle call must show; null when it was only looked at. */
  receipt: string | null;
  from: string | null;
  to: string;
  type: string | null;
  body: Uint8Array;
  priority: number;
  /** 1 at the first claim. */
  attempt: number;
  /** Milliseconds since 1970. */
  sentAt: number;
  /** Milliseconds since 1970, by the wall clock at the claim; null when it was only looked at. */
  leaseUntil: number | null;
  thread: string | null;
  replyTo: string | null;
}

/** The limits of a bus (`config/schema/bus.ts`). */
export interface BusSettings {
  inboxCap: number;
  inboxBytes: number;
  bodyBytesMax: number;
  leaseMs: number;
  maxAttempts: number;
  sendTimeoutMs: number;
  backoffMinMs: number;
  backoffMaxMs: number;
  /** How long a key is remembered. */
  keyWindowMs: number;
  /** How long, and how many rows of it at most, the history is kept (see prune.ts). */
  historyKeepMs: number;
  historyRowsMax: number;
  deadKeepMs: number;
}

export const defaultPriority = 4;

// Room for a word or a short sentence; what is longer belongs in the body.
const labelBytesMax = 256;

/** Throws E_NAME, E_BODY or E_USAGE when `draft` cannot be sent to anybody. */
export function checkDraft(draft: Draft, settings: BusSettings): void {
  checkRecipient(draft.to);
  if (draft.replyTo != null) checkName(draft.replyTo, "inbox");
  checkContent(draft, settings);
  const { delayMs, ttlMs, key } = draft;
  if (delayMs !== undefined || ttlMs !== undefined) checkTimes(delayMs, ttlMs);
  if (key != null) checkKey(key);
}

/** What there is to a message whoever gets it. */
export type Content = Pick<Draft, "body" | "type" | "thread" | "priority">;

/** Throws E_BODY or E_USAGE when `draft` is nothing that can be sent. */
export function checkContent(draft: Content, settings: BusSettings): void {
  if (draft.body.length > settings.bodyBytesMax)
    throw new SkepError(
      "E_BODY",
      `the body has ${draft.body.length} bytes; ${settings.bodyBytesMax} are allowed`,
      {
        hint: "Put the data in a file and send its path, or raise bus.body_bytes_max.",
      },
    );
  const priority = draft.priority ?? defaultPriority;
  if (!Number.isInteger(priority) || priority < 0 || priority > 9)
    throw new SkepError("E_USAGE", `priority ${priority} is not a whole number from 0 to 9`);
  checkLabel("type", draft.type);
  checkLabel("thread", draft.thread);
}

// 100 years: far enough for anybody, and no sum of two times overflows.
const longestMs = 100 * 365 * 24 * 3_600_000;

function checkTimes(delayMs = 0, ttlMs: number | undefined): void {
  if (!Number.isInteger(delayMs) || delayMs < 0 || delayMs > longestMs)
    throw new SkepError(
      "E_USAGE",
      `a delay of ${delayMs} ms is not a whole number from 0 to 100 years`,
    );
  if (ttlMs === undefined) return;
  if (!Number.isInteger(ttlMs) || ttlMs < 1 || ttlMs > longestMs)
    throw new SkepError(
      "E_USAGE",
      `a time to live of ${ttlMs} ms is not a whole number from 1 to 100 years`,
    );
  if (ttlMs <= delayMs)
    throw new SkepError(
      "E_USAGE",
      `the message would expire (${ttlMs} ms) before its delay is over (${delayMs} ms)`,
      { hint: "Both are counted from the send: give it a ttl that is longer than its delay." },
    );
}

function checkKey(key: string): void {
  checkLabel("key", key);
  if (!/\p{Cc}/u.test(key)) return;
  throw new SkepError("E_USAGE", `the key ${JSON.stringify(key)} has a control character in it`);
}

function checkLabel(what: string, label: string | null | undefined): void {
  if (label == null) return;
  const bytes = Buffer.byteLength(label);
  if (bytes === 0 || bytes > labelBytesMax)
    throw new SkepError(
      "E_USAGE",
      `the ${what} has ${bytes} bytes; 1 to ${labelBytesMax} are allowed`,
    );
}
