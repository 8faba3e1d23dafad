// The `[bus]` section: how much an inbox holds, and how long and how often a message is tried.
import * as v from "valibot";
import { type BusSettings, defaults } from "../settings.ts";
import { duration, rules, table, whole } from "./values.ts";

const usual = defaults.bus;

// No timer waits for these.
const yearMs = 365 * 24 * 3_600_000;

export const bus = v.pipe(
  table({
    inbox_cap: v.optional(whole(1, 1_000_000_000)),
    inbox_bytes: v.optional(whole(1, 1_000_000_000_000)),
    // SQLite holds 10⁹ bytes in one value and no more.
    body_bytes_max: v.optional(whole(1, 1_000_000_000)),
    lease: v.optional(duration(10)),
    max_run: v.optional(duration(10)),
    max_attempts: v.optional(whole(1, 1_000_000)),
    send_timeout: v.optional(duration(0)),
    backoff_min: v.optional(duration(0)),
    backoff_max: v.optional(duration(0)),
    key_window: v.optional(duration(1_000)),
    history_keep: v.optional(duration(0, yearMs)),
    history_rows_max: v.optional(whole(0, 1_000_000_000)),
    dead_keep: v.optional(duration(0, yearMs)),
  }),
  rules([
    {
      key: "backoff_min",
      and: ["backoff_max"],
      holds: (given) =>
        (given.backoff_min ?? usual.backoffMinMs) <= (given.backoff_max ?? usual.backoffMaxMs),
      message: "is longer than backoff_max",
    },
    {
      key: "body_bytes_max",
      and: ["inbox_bytes"],
      holds: (given) =>
        (given.body_bytes_max ?? usual.bodyBytesMax) <= (given.inbox_bytes ?? usual.inboxBytes),
      message: "is more than inbox_bytes\nA body of that length would fit into no inbox.",
    },
  ]),
  v.transform((given): BusSettings => ({
    inboxCap: given.inbox_cap ?? usual.inboxCap,
    inboxBytes: given.inbox_bytes ?? usual.inboxBytes,
    bodyBytesMax: given.body_bytes_max ?? usual.bodyBytesMax,
    leaseMs: given.lease ?? usual.leaseMs,
    maxRunMs: given.max_run ?? usual.maxRunMs,
    maxAttempts: given.max_attempts ?? usual.maxAttempts,
    sendTimeoutMs: given.send_timeout ?? usual.sendTimeoutMs,
    backoffMinMs: given.backoff_min ?? usual.backoffMinMs,
    backoffMaxMs: given.backoff_max ?? usual.backoffMaxMs,
    keyWindowMs: given.key_window ?? usual.keyWindowMs,
    historyKeepMs: given.history_keep ?? usual.historyKeepMs,
    historyRowsMax: given.history_rows_max ?? usual.historyRowsMax,
    deadKeepMs: given.dead_keep ?? usual.deadKeepMs,
  })),
);
