// Prometheus: how a swarm stands as families of samples. What becomes of deliveries is exact, from the bus's own books.
import { type Latest, type LatestPoints, latestMs } from "../metrics/latest.ts";
import type { Ends, Reported } from "../metrics/deliveries.ts";
import type { Family, Sample } from "./exposition.ts";
import { type InboxFigures, inboxFamilies } from "./inbox-families.ts";
import { counter, gauge } from "./family.ts";
import { labelsOf, nameOfUser } from "./prometheus-name.ts";

export interface AgentFigures {
  name: string;
  group: string;
  state: string;
  restarts: number;
  lastBeatAt: number | null;
}

/** All that is exported of one moment. */
export interface Snapshot {
  version: string;
  inboxes: readonly InboxFigures[];
  /** How many inboxes there are beside those, for answers that somebody waits for. */
  requests: number;
  agents: readonly AgentFigures[];
  /** The swarm that was up last; null before the first. */
  run: { swarm: string; startedAt: number } | null;
  /** Whether a supervisor is alive. */
  supervised: boolean;
  /** How much of what could go on at once the governor of the swarm lets go on, in percent; null without one. */
  heldTo: number | null;
  walBytes: number;
  /** The same while somebody who reads keeps it from being copied back; 0 otherwise. */
  keptLogBytes: number;
  /** How long the swarm took to start, or has taken so far, and the slowest inbox with what was published; 0 where neither was of late. */
  coordination: { swarm: number; publications: number };
  /** How much is free where the home lies. */
  freeBytes: number;
  /** The alerts that fire; null when they cannot be read. */
  alerts: readonly { rule: string; severity: string }[] | null;
  /** What ended of late, and how long those took. */
  ends: Ends | undefined;
  durations: readonly Reported[];
  /** The last values of what was measured; null when they cannot be read. */
  latest: LatestPoints | null;
}

/** How many inboxes and agents are told of; the others are counted. */
export const inboxesMax = 2_000;
export const agentsMax = 2_000;

const agentStates = "starting ready busy paused suspect stopping stopped failed dead".split(" ");

const window = `the last ${latestMs / 60_000} minutes`;

/** The families of `snapshot`. The last one counts what was left out because there is too much of it. */
export function familiesOf(snapshot: Snapshot): Family[] {
  const inboxes = snapshot.inboxes.slice(0, inboxesMax);
  const agents = snapshot.agents.slice(0, agentsMax);
  const users = userFamilies(snapshot.latest?.users ?? []);
  const leftOut = {
    inboxes: snapshot.inboxes.length - inboxes.length,
    agents: snapshot.agents.length - agents.length,
    processes: snapshot.latest?.leftOut.processes ?? 0,
    user_series: (snapshot.latest?.leftOut.users ?? 0) + users.twice,
  };
  return [
    gauge("skep_build_info", "What answers.", [[{ version: snapshot.version }, 1]]),
    gauge("skep_supervisor_up", "Whether a supervisor sees to the swarm.", [
      [{}, Number(snapshot.supervised)],
    ]),
    {
      ...gauge(
        "skep_governor_level_ratio",
        "How much of what could go on at once does: 1 while nothing is held back.",
        snapshot.heldTo === null ? [] : [[{}, snapshot.heldTo / 100]],
      ),
      unit: "ratio",
    },
    gauge("skep_inboxes", "How many inboxes there are, those of requests apart.", [
      [{}, snapshot.inboxes.length],
    ]),
    gauge("skep_request_inboxes", "Inboxes for answers that somebody waits for.", [
      [{}, snapshot.requests],
    ]),
    {
      ...gauge("skep_wal_size_bytes", "The write-ahead log.", [[{}, snapshot.walBytes]]),
      unit: "bytes",
    },
    {
      ...gauge(
        "skep_store_log_kept_bytes",
        "The same while somebody who reads keeps it from being copied back.",
        [[{}, snapshot.keptLogBytes]],
      ),
      unit: "bytes",
    },
    {
      ...gauge(
        "skep_coordination_time_seconds",
        `How long the swarm took to start, and the slowest inbox with what was published, in ${window}; 0 when there was none.`,
        Object.entries(snapshot.coordination).map(([of, ms]) => [{ of }, ms / 1_000]),
      ),
      unit: "seconds",
    },
    ...inboxFamilies(inboxes),
    ...agentFamilies(agents, snapshot),
    ...deliveryFamilies(snapshot),
    ...alertFamilies(snapshot),
    ...processFamilies(snapshot.latest?.processes ?? []),
    ...users.families,
    gauge("skep_vitals_readable", "Whether what was measured can be read.", [
      [{}, Number(snapshot.latest !== null)],
    ]),
    gauge(
      "skep_export_left_out",
      "What this answer does not tell of, because there is too much of it.",
      Object.entries(leftOut).map(([kind, count]) => [{ kind }, count]),
    ),
  ];
}

function agentFamilies(agents: readonly AgentFigures[], { agents: all, run }: Snapshot): Family[] {
  const identity = ({ name, group }: AgentFigures) => ({ agent: name, group });
  return [
    gauge(
      "skep_agents",
      "Agents by state.",
      agentStates.map((state) => [{ state }, all.filter((one) => one.state === state).length]),
    ),
    gauge(
      "skep_agent_state",
      "The state that an agent is in.",
      agents.map((one) => [{ ...identity(one), state: one.state }, 1]),
    ),
    counter(
      "skep_agent_restarts",
      "How often it was started again in this run.",
      agents.map((one) => [identity(one), one.restarts, run?.startedAt]),
    ),
    {
      ...gauge(
        "skep_agent_last_beat_timestamp_seconds",
        "Its last sign of life, to the half minute, since 1970.",
        agents
          .filter(({ lastBeatAt }) => lastBeatAt !== null)
          .map((one) => [identity(one), one.lastBeatAt! / 1_000]),
      ),
      unit: "seconds",
    },
  ];
}

function alertFamilies({ alerts, freeBytes }: Snapshot): Family[] {
  const counts = Map.groupBy(alerts ?? [], ({ rule, severity }) =>
    JSON.stringify({ rule, severity }),
  );
  const severities = ["critical", "warning"].map((severity) => {
    const ofSeverity = (alerts ?? []).filter((one) => one.severity === severity);
    return [{ severity }, ofSeverity.length] as const;
  });
  return [
    gauge("skep_alerts_firing", "Alerts that fire.", alerts === null ? [] : severities),
    gauge(
      "skep_alert_firing",
      "Alerts that fire, by rule; nothing for a rule of which none does.",
      [...counts].map(([labels, all]) => [JSON.parse(labels), all.length]),
    ),
    {
      ...gauge("skep_disk_free_bytes", "What is free where the home lies.", [[{}, freeBytes]]),
      unit: "bytes",
    },
  ];
}

const ofDeliveries = "delivery.";

function deliveryFamilies({ ends, durations }: Snapshot): Family[] {
  const rate = ends === undefined ? [] : [[{}, ends.deliveryRate / 100] as const];
  const count = ends === undefined ? 0 : ends.acked + ends.dead + ends.expired + ends.purged;
  return [
    gauge("skep_delivery_recent", `Deliveries that ended in ${window}.`, [[{}, count]]),
    {
      ...gauge(
        "skep_delivery_error_ratio",
        "Of those, the ones that were given up; nothing when none ended.",
        ends === undefined ? [] : [[{}, ends.dead / count]],
      ),
      unit: "ratio",
    },
    {
      ...gauge(
        "skep_delivery_rate_ratio",
        `Of the deliveries that ended in ${window}, those that were acked; nothing when none ended.`,
        rate,
      ),
      unit: "ratio",
    },
    {
      ...gauge(
        "skep_delivery_duration_seconds",
        `How long those took that were acked in ${window}: total, waited until the last claim, worked from there on.`,
        durations.flatMap(({ name, p50, p95, p99, max }) => {
          // Broadcasts are among the figures as well.
          if (!name.startsWith(ofDeliveries)) return [];
          const part = name.slice(ofDeliveries.length);
          const percentiles = Object.entries({ 50: p50, 95: p95, 99: p99, 100: max });
          return percentiles.map(([percentile, ms]) => [{ part, percentile }, ms / 1_000] as const);
        }),
      ),
      unit: "seconds",
    },
  ];
}

const processNames = {
  "process.cpu": {
    name: "skep_process_cpu_ratio",
    unit: "ratio",
    factor: 0.01,
    help: "Processor time, of one core, at the last sample.",
  },
  "process.memory": {
    name: "skep_process_resident_memory_bytes",
    unit: "bytes",
    factor: 1,
    help: "Resident memory at the last sample.",
  },
  "process.descriptors": {
    name: "skep_process_open_fds",
    unit: undefined,
    factor: 1,
    help: "Open file descriptors at the last sample.",
  },
} as const;

function processFamilies(latest: readonly Latest[]): Family[] {
  return Object.entries(processNames).map(([metric, { name, unit, factor, help }]) => {
    const pairs = latest
      .filter((point) => point.name === metric)
      .map((point) => [labelsOf(point), point.value * factor] as const);
    return { ...gauge(name, help, pairs), unit };
  });
}

/** What users emitted, under names that begin with `skep_user_`. Of two that come to the same name and labels the first is told. */
function userFamilies(latest: readonly Latest[]) {
  const families = new Map<string, Family & { samples: Sample[] }>();
  const seen = new Set<string>();
  for (const point of latest) {
    const { name, unit, factor } = nameOfUser(point);
    const labels = labelsOf(point);
    const key = `${name} ${JSON.stringify(Object.entries(labels).toSorted())}`;
    if (seen.has(key)) continue;
    seen.add(key);
    const help = `The last value of ${point.name} in ${window}.`;
    const family = families.get(name) ?? { name, type: "gauge", unit, help, samples: [] };
    families.set(name, family);
    family.samples.push({ labels, value: point.value * factor });
  }
  return { families: [...families.values()], twice: latest.length - seen.size };
}
