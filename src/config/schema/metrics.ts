// The `[metrics]` section: how often a swarm is measured, and how long what was measured is kept.
import { duration, whole } from "./setting.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

export const metrics = {
  sampleEveryMs: duration({
    purpose:
      "How often the supervisor measures processes and inboxes; with 0s nothing is recorded but what users emit.",
    usual: 10_000,
    least: 0,
    most: hourMs,
    restart: "swarm",
  }),
  rawKeepMs: duration({
    purpose: "How long each point of a metric is kept.",
    usual: 48 * hourMs,
    least: 60_000,
    most: 365 * dayMs,
    original: {
      name: "CFN_METRICS_RETENTION_HOURS",
      factor: hourMs,
      unit: "hours",
      usual: "48",
      range: "1 to 720",
    },
    restart: "swarm",
  }),
  rollupKeepMs: duration({
    purpose: "How long the roll-up of each minute is kept.",
    usual: 30 * dayMs,
    least: 60_000,
    most: 365 * dayMs,
    restart: "swarm",
  }),
  rowsMax: whole({
    purpose: "How many of the newest points, and of the newest roll-ups, are kept at most.",
    unit: "rows",
    usual: 1_000_000,
    least: 1_000,
    most: 1_000_000_000,
    profiles: { dev: 100_000 },
    restart: "swarm",
  }),
  port: whole({
    purpose:
      "The port of 127.0.0.1 at which the supervisor answers Prometheus (GET /metrics); with 0 at none.",
    unit: "port",
    usual: 0,
    least: 0,
    most: 65_535,
    restart: "swarm",
  }),
} as const;
