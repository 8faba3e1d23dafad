// The `[alerts]` section: when somebody is to be told that something is wrong. What each rule reads, and for how long it
// has to hold, stands in src/metrics/alerts/rules.ts; the figures are here.
import { duration, whole } from "./setting.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const mebibyte = 1024 * 1024;

/** How many of something are one too many. */
function most(purpose: string, unit: string, usual: number, least = 0) {
  return whole({ purpose, unit, usual, least, most: 1_000_000_000, restart: "swarm" });
}

export const alerts = {
  evaluateEveryMs: duration({
    purpose: "How often the supervisor looks whether something is wrong; with 0s it never does.",
    usual: 2_000,
    least: 0,
    most: hourMs,
    original: {
      name: "CFN_ALERT_INTERVAL",
      factor: 1_000,
      unit: "seconds",
      usual: "30",
      range: "1 to 3600",
    },
    restart: "swarm",
  }),
  cooldownMs: duration({
    purpose: "How long the same alert about the same subject stays away after it has come.",
    usual: 5 * minuteMs,
    least: 0,
    restart: "swarm",
  }),
  rateWindowMs: duration({
    purpose: "Over how long the delivery rate, the error rate and the coordination time are taken.",
    usual: 5 * minuteMs,
    least: 1_000,
    most: hourMs,
    restart: "swarm",
  }),
  rateCountMin: most(
    "How many deliveries must have ended before a rate says anything.",
    "deliveries",
    20,
    1,
  ),
  countWindowMs: duration({
    purpose: "Over how long new starts of an agent, and sends that an inbox refuses, are counted.",
    usual: minuteMs,
    least: 1_000,
    most: hourMs,
    restart: "swarm",
  }),
  growthWindowMs: duration({
    purpose: "Over how long the growth of a process is measured.",
    usual: 10 * minuteMs,
    least: 1_000,
    most: hourMs,
    restart: "swarm",
  }),
  warmUpMs: duration({
    purpose: "How long a process may grow after its start before its growth is measured.",
    usual: 2 * minuteMs,
    least: 0,
    most: hourMs,
    restart: "swarm",
  }),
  coordinationTimeMs: duration({
    purpose:
      "A start of a swarm, or an inbox that gets what was published, takes longer than this.",
    usual: 10_000,
    least: 1,
    original: {
      name: "CFN_ALERT_COORD_TIME_MS",
      factor: 1,
      unit: "milliseconds",
      usual: "10000",
      range: "100 to 60000",
    },
    restart: "swarm",
  }),
  deliveryRateMin: whole({
    purpose: "Fewer of the deliveries that end than this are acked.",
    unit: "percent",
    usual: 90,
    least: 0,
    most: 100,
    original: {
      name: "CFN_ALERT_DELIVERY_RATE",
      factor: 1,
      unit: "percent",
      usual: "90",
      range: "1 to 100",
    },
    restart: "swarm",
  }),
  errorRateMax: whole({
    purpose: "More of the deliveries that end than this go to the dead letters.",
    unit: "percent",
    usual: 5,
    least: 0,
    most: 100,
    restart: "swarm",
  }),
  memoryGrowthMax: most("A process takes this much more memory than it did.", "percent", 10),
  descriptorGrowthMax: most(
    "A process has this many more open files than it had.",
    "descriptors",
    100,
  ),
  queueDepthMax: most("More deliveries than this lie in one inbox.", "deliveries", 1_000),
  oldestMs: duration({
    purpose:
      "The oldest delivery that could be claimed has lain in its inbox for longer than this.",
    usual: 5 * minuteMs,
    least: 1,
    restart: "swarm",
  }),
  deadLettersMax: most("More dead letters than this lie in one inbox.", "deliveries", 0),
  crashesMax: most(
    "An agent starts again more often than this within `count_window`.",
    "restarts",
    2,
  ),
  inboxWarn: whole({
    purpose: "An inbox is filled to this share: a warning.",
    unit: "percent",
    usual: 75,
    least: 1,
    most: 100,
    restart: "swarm",
  }),
  inboxCritical: whole({
    purpose: "An inbox is filled to this share: critical.",
    unit: "percent",
    usual: 90,
    least: 1,
    most: 100,
    restart: "swarm",
  }),
  waitingSendersMax: most("More senders than this wait for one inbox.", "senders", 10),
  refusalsMax: most(
    "More sends than this are refused by one inbox within `count_window`.",
    "sends",
    10,
  ),
  logBytesMax: whole({
    purpose: "The write-ahead log of the database is longer than this.",
    unit: "bytes",
    usual: 128 * mebibyte,
    least: 1,
    most: 1_000_000_000_000,
    restart: "swarm",
  }),
  stuckBytesMax: whole({
    purpose: "The log is longer than this, and somebody who reads keeps it from being copied back.",
    unit: "bytes",
    usual: 32 * mebibyte,
    // Up to there nobody asks who reads, for it grows to that by itself.
    least: 32 * mebibyte,
    most: 1_000_000_000_000,
    restart: "swarm",
  }),
  diskFreeMin: whole({
    purpose: "Fewer bytes than this are free where the home lies.",
    unit: "bytes",
    usual: 512 * mebibyte,
    least: 0,
    most: 1_000_000_000_000_000,
    restart: "swarm",
  }),
  keepMs: duration({
    purpose: "How long alerts that are over are remembered.",
    usual: 30 * 24 * hourMs,
    least: minuteMs,
    most: 365 * 24 * hourMs,
    original: {
      name: "CFN_ALERT_RETENTION_HOURS",
      factor: hourMs,
      unit: "hours",
      usual: "24",
      range: "1 to 720",
    },
    restart: "swarm",
  }),
} as const;
