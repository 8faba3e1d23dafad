// The rules of alerts, as data: what each reads, against what it is held, for how long, and when it is over. Pure.

export type Severity = "critical" | "warning";

export interface Rule {
  name: string;
  /** What is wrong then, in a few words. */
  about: string;
  /** What the original system called it. */
  original: string | null;
  severity: Severity;
  /** What the value is of: the name of a metric that is recorded, or of what is read from the tables of the bus. */
  reads: string;
  unit: string;
  compare: "above" | "at least" | "below";
  /** The setting of the section `alerts` that is its threshold, by its name in the program; or the threshold itself. */
  threshold: string | number;
  /** It is over once the value is this share of the threshold, or better; 1 for what needs no distance. */
  recovery: number;
  /** The setting that says over how long the value is taken; null when it is the value of the moment. */
  window: string | null;
  /** For how long the condition has to hold. */
  holdMs: number;
  /** The setting that says how many there must be for a rate; null for what is none. */
  countMin: string | null;
  /** What only the rules of users have. */
  user?: UsersPart;
}

/** What a rule of a user has besides. */
export interface UsersPart {
  /** From which value on it is over. */
  recoverAt: number;
  /** How its value comes from the points that were recorded; null: it is one of those that skep's own rules read. */
  points: PointsOf | null;
  /** The one subject that it looks at; null: all. */
  subject: string | null;
  /** How long it stays away after it has fired; null: as all the others. */
  cooldownMs: number | null;
}

/** How a value comes from points. */
export interface PointsOf {
  of: "last" | "min" | "max" | "mean" | "sum" | "count" | "rate" | "p50" | "p95" | "p99";
  windowMs: number;
  /** With fewer points nothing can be said. */
  countMin: number;
  /** A tag, `agent`, or `series` for each combination of agent and tags; null: all points are of one subject. */
  by: string | null;
  /** Only points with all of these count. */
  tags: Readonly<Record<string, string>>;
  /** Null: any. */
  unit: string | null;
}

const plain = {
  original: null,
  compare: "above",
  recovery: 1,
  window: null,
  holdMs: 0,
  countMin: null,
} as const;

const rate = { window: "rateWindowMs", countMin: "rateCountMin" } as const;

/** Every rule of skep's own. Its severity goes down with its place. */
export const rules: readonly Rule[] = [
  {
    ...plain,
    name: "coordination-time",
    about: "a swarm took long to start, or a publication to be dealt with",
    original: "coordination_time_exceeded",
    severity: "critical",
    reads: "coordination.time",
    unit: "ms",
    threshold: "coordinationTimeMs",
    window: "rateWindowMs",
  },
  {
    ...plain,
    ...rate,
    name: "error-rate",
    about: "many deliveries end as dead letters",
    original: "error_rate_high",
    severity: "critical",
    reads: "delivery.error_rate",
    unit: "percent",
    threshold: "errorRateMax",
    recovery: 0.8,
  },
  {
    ...plain,
    name: "agent-failed",
    about: "an agent has ended, and is not started again",
    severity: "critical",
    reads: "agent.failed",
    unit: "count",
    compare: "at least",
    threshold: "one",
  },
  {
    ...plain,
    name: "agent-crash-loop",
    about: "an agent starts again and again",
    severity: "critical",
    reads: "agent.restarts_per_min",
    unit: "restarts",
    threshold: "crashesMax",
    recovery: 0.5,
    window: "countWindowMs",
  },
  {
    ...plain,
    name: "inbox-critical",
    about: "an inbox is all but full",
    original: "inbox_utilization_critical",
    severity: "critical",
    reads: "inbox.utilization",
    unit: "percent",
    compare: "at least",
    threshold: "inboxCritical",
    recovery: 0.9,
  },
  {
    ...plain,
    name: "send-failures",
    about: "an inbox refuses what is sent to it",
    original: "send_failures",
    severity: "critical",
    reads: "inbox.refused_per_min",
    unit: "sends",
    threshold: "refusalsMax",
    recovery: 0.5,
    window: "countWindowMs",
  },
  {
    ...plain,
    name: "disk-low",
    about: "the disk that the home lies on is nearly full",
    severity: "critical",
    reads: "disk.free",
    unit: "bytes",
    compare: "below",
    threshold: "diskFreeMin",
    recovery: 1.1,
  },
  {
    ...plain,
    ...rate,
    name: "delivery-rate",
    about: "few of the deliveries that end are acked",
    original: "delivery_rate_low",
    severity: "warning",
    reads: "delivery.rate",
    unit: "percent",
    compare: "below",
    threshold: "deliveryRateMin",
    recovery: 1.02,
  },
  {
    ...plain,
    name: "memory-growth",
    about: "a process takes more and more memory",
    original: "memory_growth_high",
    severity: "warning",
    reads: "process.memory_growth",
    unit: "percent",
    threshold: "memoryGrowthMax",
    recovery: 0.8,
    window: "growthWindowMs",
  },
  {
    ...plain,
    name: "descriptor-growth",
    about: "a process opens files and does not close them",
    original: "fd_growth_high",
    severity: "warning",
    reads: "process.descriptor_growth",
    unit: "descriptors",
    threshold: "descriptorGrowthMax",
    recovery: 0.8,
    window: "growthWindowMs",
  },
  {
    ...plain,
    name: "queue-depth",
    about: "much lies in an inbox",
    original: "queue_depth_high",
    severity: "warning",
    reads: "inbox.depth",
    unit: "deliveries",
    threshold: "queueDepthMax",
    recovery: 0.9,
  },
  {
    ...plain,
    name: "oldest-unclaimed",
    about: "nobody claims what lies in an inbox",
    severity: "warning",
    reads: "inbox.oldest",
    unit: "ms",
    threshold: "oldestMs",
  },
  {
    ...plain,
    name: "dead-letters",
    about: "an inbox has dead letters: skep dead list",
    severity: "warning",
    reads: "inbox.dead",
    unit: "deliveries",
    threshold: "deadLettersMax",
  },
  {
    ...plain,
    name: "agent-suspect",
    about: "an agent gives no sign of life",
    severity: "warning",
    reads: "agent.suspect",
    unit: "count",
    compare: "at least",
    threshold: "one",
  },
  {
    ...plain,
    name: "inbox-filling",
    about: "an inbox fills up",
    original: "inbox_utilization_warning",
    severity: "warning",
    reads: "inbox.utilization",
    unit: "percent",
    compare: "at least",
    threshold: "inboxWarn",
    recovery: 0.9,
  },
  {
    ...plain,
    name: "backpressure",
    about: "senders wait for an inbox",
    original: "backpressure_events",
    severity: "warning",
    reads: "inbox.waiting_senders",
    unit: "senders",
    threshold: "waitingSendersMax",
    recovery: 0.5,
  },
  {
    ...plain,
    name: "log-size",
    about: "the write-ahead log is long",
    severity: "warning",
    reads: "store.log",
    unit: "bytes",
    threshold: "logBytesMax",
    recovery: 0.8,
  },
  {
    ...plain,
    name: "checkpoint-stuck",
    about: "a reader keeps the log from being copied back",
    severity: "warning",
    reads: "store.log_kept",
    unit: "bytes",
    threshold: "stuckBytesMax",
  },
];

/** The settings of the section `alerts`, as numbers. */
export type AlertSettings = Readonly<Record<string, number>> & {
  readonly evaluateEveryMs: number;
  readonly cooldownMs: number;
  readonly rateWindowMs: number;
  readonly rateCountMin: number;
  readonly countWindowMs: number;
  readonly growthWindowMs: number;
  readonly warmUpMs: number;
  readonly keepMs: number;
};

/** What the value of `rule` is held against. */
export function thresholdOf({ threshold }: Rule, settings: AlertSettings): number {
  if (typeof threshold === "number") return threshold;
  return threshold === "one" ? 1 : settings[threshold]!;
}

/** From which value on it is over. */
export function recoveryOf(rule: Rule, settings: AlertSettings): number {
  return rule.user?.recoverAt ?? thresholdOf(rule, settings) * rule.recovery;
}

/** How long `rule` stays away from a subject after it has fired. */
export function cooldownOf({ user }: Rule, { cooldownMs }: AlertSettings): number {
  return user?.cooldownMs ?? cooldownMs;
}
