// The `[store]` section: what a power cut may take, and how long a write waits.
import * as v from "valibot";
import { type StoreSettings, defaults } from "../settings.ts";
import { choice, duration, table } from "./values.ts";

const usual = defaults.store;

export const store = v.pipe(
  table({
    durability: v.optional(choice(["process", "power"])),
    busy_timeout: v.optional(duration(0)),
  }),
  v.transform((given): StoreSettings => ({
    durability: given.durability ?? usual.durability,
    busyTimeoutMs: given.busy_timeout ?? usual.busyTimeoutMs,
  })),
);
