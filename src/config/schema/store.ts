// The `[store]` section: what a power cut may take, and how long a write waits.
import { choice, duration } from "./setting.ts";

export const store = {
  durability: choice({
    purpose:
      "What a power cut may take: the newest commits (process), or nothing that was accepted (power).",
    usual: "process",
    options: ["process", "power"],
    profiles: { prod: "power" },
    restart: "swarm",
  }),
  busyTimeoutMs: duration({
    purpose: "How long a write waits for its turn before it is refused as busy.",
    usual: 10_000,
    least: 0,
    profiles: { prod: 30_000 },
    restart: "swarm",
  }),
} as const;
