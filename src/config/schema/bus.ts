// The `[bus]` section: how much an inbox holds, and how long and how often a message is tried.
import { duration, whole } from "./setting.ts";

// No timer waits for these.
const yearMs = 365 * 24 * 3_600_000;
const dayMs = 24 * 3_600_000;
const mebibyte = 1024 * 1024;

export const bus = {
  inboxCap: whole({
    purpose: "How many deliveries an inbox holds before senders wait.",
    unit: "deliveries",
    usual: 1_000,
    least: 1,
    most: 1_000_000_000,
    profiles: { prod: 2_000 },
    restart: "agents",
  }),
  inboxBytes: whole({
    purpose: "How many bytes of bodies an inbox holds before senders wait.",
    unit: "bytes",
    usual: 64 * mebibyte,
    least: 1,
    most: 1_000_000_000_000,
    profiles: { prod: 16 * mebibyte },
    restart: "agents",
  }),
  bodyBytesMax: whole({
    purpose: "The longest body that one message can have.",
    unit: "bytes",
    usual: mebibyte,
    least: 1,
    // SQLite holds 10⁹ bytes in one value and no more.
    most: 1_000_000_000,
    original: {
      name: "CFN_MAX_PAYLOAD_SIZE",
      factor: 1,
      unit: "bytes",
      usual: "1048576",
      range: "not checked",
    },
    restart: "agents",
  }),
  leaseMs: duration({
    purpose: "How long a claim lasts unless it is renewed; hosts renew at a third of it.",
    usual: 60_000,
    least: 10,
    restart: "agents",
  }),
  maxRunMs: duration({
    purpose: "How long a host keeps one message for its program before others may have it.",
    usual: 3_600_000,
    least: 10,
    restart: "agents",
  }),
  maxAttempts: whole({
    purpose: "How often a message is tried before it goes to the dead letters.",
    unit: "attempts",
    usual: 5,
    least: 1,
    most: 1_000_000,
    restart: "agents",
  }),
  sendTimeoutMs: duration({
    purpose: "How long a sender waits for room in a full inbox, or for its turn.",
    usual: 5_000,
    least: 0,
    profiles: { prod: 10_000 },
    original: {
      name: "CFN_MESSAGE_TIMEOUT",
      factor: 1,
      unit: "milliseconds",
      usual: "5000",
      range: "100 to 60000",
    },
    restart: "nobody",
  }),
  requestTimeoutMs: duration({
    purpose: "How long `skep request` waits for the answer.",
    usual: 30_000,
    least: 0,
    original: {
      name: "CFN_COORDINATION_TIMEOUT",
      factor: 1,
      unit: "milliseconds",
      usual: "10000",
      range: "100 to 300000",
    },
    restart: "nobody",
  }),
  backoffMinMs: duration({
    purpose: "The shortest pause before another attempt; how long it can get doubles with each.",
    usual: 1_000,
    least: 0,
    restart: "agents",
  }),
  backoffMaxMs: duration({
    purpose: "The longest pause between two attempts.",
    usual: 60_000,
    least: 0,
    restart: "agents",
  }),
  keyWindowMs: duration({
    purpose: "How long a key keeps its message from being sent again.",
    usual: 7 * dayMs,
    least: 1_000,
    restart: "swarm",
  }),
  historyKeepMs: duration({
    purpose: "How long what was acked, expired or purged is remembered, with its message.",
    usual: 7 * dayMs,
    least: 0,
    most: yearMs,
    profiles: { dev: dayMs },
    restart: "swarm",
  }),
  historyRowsMax: whole({
    purpose: "How many of the newest ended deliveries are remembered at most.",
    unit: "deliveries",
    usual: 1_000_000,
    least: 0,
    most: 1_000_000_000,
    profiles: { dev: 100_000 },
    restart: "swarm",
  }),
  deadKeepMs: duration({
    purpose: "How long dead letters are kept.",
    usual: 30 * dayMs,
    least: 0,
    most: yearMs,
    restart: "swarm",
  }),
} as const;
