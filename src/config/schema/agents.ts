// The `[agents]` section: how programs are stopped, how much of what they print is kept, and how long a module may
// keep others waiting.
import * as v from "valibot";
import { type AgentsSettings, defaults } from "../settings.ts";
import { duration, table, whole } from "./values.ts";

const usual = defaults.agents;

export const agents = v.pipe(
  table({
    stop_grace: v.optional(duration(0)),
    drain_timeout: v.optional(duration(0)),
    log_bytes_max: v.optional(whole(1_000, 1_000_000_000_000)),
    hang_timeout: v.optional(duration(1_000)),
  }),
  v.transform((given): AgentsSettings => ({
    stopGraceMs: given.stop_grace ?? usual.stopGraceMs,
    drainTimeoutMs: given.drain_timeout ?? usual.drainTimeoutMs,
    logBytesMax: given.log_bytes_max ?? usual.logBytesMax,
    hangTimeoutMs: given.hang_timeout ?? usual.hangTimeoutMs,
  })),
);
