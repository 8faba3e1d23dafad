// What the original system had a variable for and skep has no setting for, and why. Its other variables are named where
// the settings are declared, and are heeded.

import { type Setting, isNumeric } from "./schema/setting.ts";

export interface Forgone {
  readonly name: `CFN_${string}`;
  /** What it was there, for whoever comes from it. */
  readonly unit: string;
  readonly usual: string;
  readonly range: string;
  /** What takes its place, or why nothing does. */
  readonly why: string;
}

/** The variable that names the home, as SKEP_HOME does. */
export const originalHome = "CFN_BASE_DIR";

/** What it was there. */
export const homeThere = {
  unit: "path",
  usual: "/dev/shm/cfn",
  range: "its parent exists and can be written to",
};

/** The values that a setting can have under its name of the original system, in the unit that it had there. */
export function rangeThere(setting: Setting): { least: number; most: number } {
  if (!isNumeric(setting) || setting.original === undefined) return { least: 0, most: 0 };
  const { factor } = setting.original;
  return { least: Math.ceil(setting.least / factor), most: Math.floor(setting.most / factor) };
}

const inHome = "everything that skep keeps lies in the home, under names of its own";
const noLoop = "nothing here has such a score: there is no work loop yet";

function place(name: Forgone["name"], usual: string): Forgone {
  return { name, unit: "path", usual, range: "any", why: inHome };
}

/** The variables of the original system that have no effect here. */
export const forgone: readonly Forgone[] = [
  place("CFN_METRICS_DIR", "metrics, in the base directory"),
  place("CFN_METRICS_FILE", "cfn-metrics.jsonl, in the metrics directory"),
  place("CFN_HEALTH_DIR", "health, in the base directory"),
  place("CFN_HEALTH_FILE", "agent-health.jsonl, in the health directory"),
  place("CFN_ALERT_DIR", "alerts, in the base directory"),
  place("CFN_ALERT_FILE", "cfn-alerts.jsonl, in the alerts directory"),
  {
    name: "CFN_MAX_GLOBAL_MESSAGES",
    unit: "messages",
    usual: "100000",
    range: "not checked",
    why: "each inbox has bounds of its own, which a send itself keeps: bus.inbox_cap, bus.inbox_bytes",
  },
  {
    name: "CFN_FD_WARNING_THRESHOLD",
    unit: "percent",
    usual: "80",
    range: "not checked",
    why: "skep config check reckons the descriptors that a swarm needs before it starts",
  },
  {
    name: "CFN_SHARD_COUNT",
    unit: "shards",
    usual: "16",
    range: "1 to 64",
    why: "one database needs no shards: its writers queue in order",
  },
  {
    name: "CFN_BATCH_SIZE",
    unit: "metrics or messages",
    usual: "10",
    range: "1 to 100",
    why: "batches are as large as what waits, up to what an agent may hold (in_flight in the swarm file)",
  },
  {
    name: "CFN_METRICS_ENABLED",
    unit: "true or false",
    usual: "true",
    range: "true, false",
    why: 'metrics cost no message anything; metrics.sample_every = "0s" has nothing recorded but what users emit',
  },
  {
    name: "CFN_ALERTING_ENABLED",
    unit: "true or false",
    usual: "true",
    range: "true, false",
    why: 'alerts.evaluate_every = "0s" switches alerts off',
  },
  {
    name: "CFN_ALERT_CONSENSUS_SCORE",
    unit: "percent",
    usual: "90",
    range: "1 to 100",
    why: noLoop,
  },
  {
    name: "CFN_ALERT_CONFIDENCE_SCORE",
    unit: "percent",
    usual: "75",
    range: "1 to 100",
    why: noLoop,
  },
  {
    name: "CFN_HEALTH_RETENTION_HOURS",
    unit: "hours",
    usual: "12",
    range: "1 to 720",
    why: "of each agent the newest sign of life is kept, and no others",
  },
];
