// All of `skep.toml`, section by section.
import * as v from "valibot";
import { agents } from "./agents.ts";
import { bus } from "./bus.ts";
import { store } from "./store.ts";
import { table } from "./values.ts";

export const settings = table({
  bus: v.optional(bus, {}),
  store: v.optional(store, {}),
  agents: v.optional(agents, {}),
});

/** The section and key of every setting, as they are written: `["bus", "lease"]` and so on. */
export const settingPaths: readonly (readonly [section: string, key: string])[] = [
  ...keysOf("bus", bus),
  ...keysOf("store", store),
  ...keysOf("agents", agents),
];

function keysOf(section: string, schema: { entries: object }): [string, string][] {
  return Object.keys(schema.entries).map((key) => [section, key]);
}
