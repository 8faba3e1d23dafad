// What skep's own rules of alerts are called. What they are is for src/metrics/alerts/rules.ts to say; whoever reads
// settings has to know the names, for no rule of a user can have one of them.

/** Every rule of skep's own, by name. */
export const builtInRules = [
  "coordination-time",
  "error-rate",
  "agent-failed",
  "agent-crash-loop",
  "inbox-critical",
  "send-failures",
  "disk-low",
  "delivery-rate",
  "memory-growth",
  "descriptor-growth",
  "queue-depth",
  "oldest-unclaimed",
  "dead-letters",
  "agent-suspect",
  "inbox-filling",
  "backpressure",
  "log-size",
  "checkpoint-stuck",
] as const;

/** What `skep alerts test` calls its alert. */
export const testRule = "test";
