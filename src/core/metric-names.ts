// The metrics that skep has of itself: the only place where their names and units stand.

/** Every name that skep records, its unit and what a point of it says. */
export const ownMetrics = {
  "process.cpu": { unit: "percent", about: "processor time, of one core, since the last sample" },
  "process.memory": { unit: "bytes", about: "resident memory" },
  "process.descriptors": { unit: "count", about: "open file descriptors" },
  "inbox.depth": { unit: "count", about: "what lies in an inbox that is not empty" },
  "inbox.utilization": { unit: "percent", about: "how much of its cap such an inbox holds" },
  "agent.starts": { unit: "count", about: "an agent runs" },
  "agent.restarts": { unit: "count", about: "an agent is to start again" },
  "agent.ends": { unit: "count", about: "an agent has ended by itself; the tag state says how" },
  "agent.killed": { unit: "count", about: "processes that were killed because their host died" },
  "swarm.agents": { unit: "count", about: "how many agents a swarm started with" },
  "swarm.start_time": { unit: "ms", about: "from the start of a swarm until each agent runs" },
  "swarm.moved": { unit: "count", about: "messages that went to the heir of a coordinator" },
  "alert.notices": {
    unit: "count",
    about: "an alert was told outside of skep, or was not; the tags channel and outcome say which",
  },
  "governor.level": { unit: "percent", about: "how far the governor lets things go on, from here" },
  "export.points": { unit: "count", about: "points that a receiver of OTLP took" },
  "export.rejected": { unit: "count", about: "those of them that it did not want" },
  "export.failures": { unit: "count", about: "a push that did not go through; kind says why" },
  "metrics.dropped": { unit: "count", about: "points that found no room while they waited" },
} as const;

export type OwnMetric = keyof typeof ownMetrics;

interface Read {
  unit: string;
  about: string;
  /** The least and the most that it can be; nothing below 0, and as much as may be, where that is left out. */
  least?: number;
  most?: number;
}

/** What alerts read of a swarm as it is when they look; most of it is recorded nowhere. */
export const readMetrics = {
  "coordination.time": {
    unit: "ms",
    about: "how long the swarm took to start, or an inbox to be through with a publication",
  },
  "delivery.error_rate": { unit: "percent", about: "dead letters of what ended", most: 100 },
  "delivery.rate": { unit: "percent", about: "acked of what ended", most: 100 },
  "agent.failed": { unit: "count", about: "1 for an agent that has ended for good, else 0" },
  "agent.suspect": { unit: "count", about: "1 for an agent without a sign of life, else 0" },
  "agent.restarts_per_min": { unit: "restarts", about: "restarts within alerts.count_window" },
  "inbox.depth": { unit: "deliveries", about: "what lies in an inbox" },
  "inbox.utilization": { unit: "percent", about: "how much of its cap it holds", most: 100 },
  "inbox.oldest": { unit: "ms", about: "age of the oldest delivery that could be claimed" },
  "inbox.dead": { unit: "deliveries", about: "dead letters of an inbox" },
  "inbox.waiting_senders": { unit: "senders", about: "how many wait for an inbox" },
  "inbox.refused_per_min": { unit: "sends", about: "refusals within alerts.count_window" },
  "process.memory_growth": {
    unit: "percent",
    about: "growth of a process within alerts.growth_window",
    least: Number.NEGATIVE_INFINITY,
  },
  "process.descriptor_growth": {
    unit: "descriptors",
    about: "more open files than it had, within alerts.growth_window",
    least: Number.NEGATIVE_INFINITY,
  },
  "store.log": { unit: "bytes", about: "length of the write-ahead log" },
  "store.log_kept": { unit: "bytes", about: "the same while a reader keeps it, else 0" },
  "disk.free": { unit: "bytes", about: "free space where the home lies" },
} as const satisfies Record<string, Read>;

/** What is known of `name` as alerts read it; undefined when they do not. */
export function readMetric(name: string): Read | undefined {
  return Object.hasOwn(readMetrics, name)
    ? readMetrics[name as keyof typeof readMetrics]
    : undefined;
}

/** The unit in which skep records `name`; undefined when it does not. */
export function recordedUnit(name: string): string | undefined {
  return Object.hasOwn(ownMetrics, name) ? ownMetrics[name as OwnMetric].unit : undefined;
}

/** What a metric can be called: words of letters, digits, dashes and underscores, with dots between them. */
export const metricPattern = /^[A-Za-z][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)*$/;
export const metricLengthMax = 100;

/** What a unit, and the name of a tag, can be. */
export const unitPattern = /^[A-Za-z%][A-Za-z0-9%/_-]{0,15}$/;
export const tagPattern = /^[A-Za-z][A-Za-z0-9_]{0,31}$/;
