// The metrics that skep records of itself: the only place where their names and units stand.

/** Every name that is skep's own, its unit and what a point of it says. */
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
  "metrics.dropped": { unit: "count", about: "points that found no room while they waited" },
} as const;

export type OwnMetric = keyof typeof ownMetrics;
