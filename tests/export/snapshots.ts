// A snapshot with a bit of everything.
import type { InboxFigures } from "../../src/export/inbox-families.ts";
import type { Snapshot } from "../../src/export/prometheus.ts";

const inbox: InboxFigures = {
  inbox: "a1",
  createdAt: 1_600_000_000_000,
  ready: 3,
  delayed: 1,
  leased: 2,
  parked: 0,
  reserved: 0,
  sent: 20,
  acked: 11,
  dead: 2,
  expired: 1,
  purged: 0,
  movedIn: 1,
  movedOut: 1,
  bytes: 600,
  refused: 4,
  waitingSenders: 1,
  waitingReceivers: 0,
  oldestReadyMs: 2_500,
  cap: 60,
};

const agent = { group: "workers", state: "ready", restarts: 2, lastBeatAt: 1_700_000_000_500 };
const at = 1_700_000_000_000;
const host = { agent: "w-1", tags: { kind: "host", group: "workers" }, at };

/** A swarm of two at work. */
export const example: Snapshot = {
  version: "1.2.3",
  inboxes: [inbox, { ...inbox, inbox: "b1", oldestReadyMs: null }],
  requests: 1,
  agents: [
    { ...agent, name: "w-1" },
    { ...agent, name: "w-2", state: "failed", lastBeatAt: null },
  ],
  run: { swarm: "census", startedAt: 1_650_000_000_000 },
  supervised: true,
  heldTo: 50,
  walBytes: 4_096,
  keptLogBytes: 0,
  coordination: { swarm: 1_250, publications: 40 },
  freeBytes: 1e9,
  alerts: [{ rule: "queue-depth", severity: "warning" }],
  ends: {
    group: null,
    acked: 9,
    dead: 1,
    expired: 0,
    purged: 0,
    retried: 0,
    deliveryRate: 90,
    ackedPerS: 1,
  },
  durations: [
    {
      name: "delivery.total",
      unit: "ms",
      group: null,
      count: 9,
      ratePerS: 1,
      mean: 20,
      min: 10,
      p50: 20,
      p95: 30,
      p99: 40,
      max: 50,
      trend: [],
    },
  ],
  latest: {
    processes: [
      { ...host, name: "process.memory", unit: "bytes", value: 1e6 },
      { ...host, name: "process.cpu", unit: "percent", value: 25 },
      { ...host, name: "process.descriptors", unit: "count", value: 12 },
    ],
    users: [
      { name: "build.time", unit: "ms", agent: null, tags: { phase: 'a"b\\c' }, value: 800, at },
    ],
    startMs: 1_250,
    leftOut: { processes: 3, users: 4 },
  },
};
