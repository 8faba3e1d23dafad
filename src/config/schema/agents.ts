// The `[agents]` section: how many there may be, how they are watched and stopped, and what is kept of what they print.
import { duration, whole } from "./setting.ts";

const mebibyte = 1024 * 1024;

/** As many agents as one swarm can have. */
export const agentsMax = 10_000;

export const agents = {
  countMax: whole({
    purpose: "How many agents a swarm file may ask for in all.",
    unit: "agents",
    usual: agentsMax,
    least: 1,
    most: agentsMax,
    profiles: { dev: 10, staging: 100, prod: 500 },
    original: {
      name: "CFN_MAX_AGENTS",
      factor: 1,
      unit: "agents",
      usual: "50",
      range: "1 to 1000",
    },
    restart: "swarm",
  }),
  beatEveryMs: duration({
    purpose:
      "How often a host gives a sign of life for its agents; where nobody chose it, a third of bus.lease and of agents.suspect_after at most.",
    usual: 5_000,
    least: 100,
    most: 3_600_000,
    restart: "swarm",
  }),
  suspectAfterMs: duration({
    purpose:
      "How long an agent is silent or stopped before it is suspect; silence alone never kills.",
    usual: 15_000,
    least: 300,
    most: 24 * 3_600_000,
    profiles: { prod: 30_000 },
    original: {
      name: "CFN_HEALTH_TIMEOUT",
      factor: 1_000,
      unit: "seconds",
      usual: "30",
      range: "1 to 300",
    },
    restart: "swarm",
  }),
  stopGraceMs: duration({
    purpose: "How long a program may take between SIGTERM and SIGKILL.",
    usual: 5_000,
    least: 0,
    restart: "swarm",
  }),
  drainTimeoutMs: duration({
    purpose:
      "How long what is in hand may be finished when the swarm goes down, or the bus is drained.",
    usual: 20_000,
    least: 0,
    profiles: { dev: 5_000, prod: 60_000 },
    restart: "swarm",
  }),
  logBytesMax: whole({
    purpose: "How long the log of an agent grows before it is put aside and begun anew.",
    unit: "bytes",
    usual: 10 * mebibyte,
    least: 1_000,
    most: 1_000_000_000_000,
    profiles: { prod: 4 * mebibyte },
    restart: "agents",
  }),
  hangTimeoutMs: duration({
    purpose: "How long a module in a pool may keep the others in its host from doing anything.",
    usual: 60_000,
    least: 1_000,
    restart: "swarm",
  }),
} as const;
