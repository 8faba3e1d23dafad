// A swarm file: the swarm as a whole, and its agents by group.
import * as v from "valibot";
import { agentGroup } from "./agent-group.ts";
import { anyTable, choice, duration, name, table, whole } from "./values.ts";

const groups = v.record(name(), agentGroup);

/** Everything in the file; what several groups have to do with one another is for `betweenGroups`. */
export const swarm = table({
  // For editors that find the schema by its address.
  $schema: v.optional(v.string("must be text")),
  name: name(),
  topology: v.optional(choice(["flat", "mesh", "hierarchical", "hybrid", "auto"])),
  address_book: v.optional(choice(["closed", "open"])),
  start_at_once: v.optional(whole(1, 10_000)),
  start_stagger: v.optional(duration(0)),
  restarts_max: v.optional(whole(0, 1_000_000)),
  restarts_period: v.optional(duration(1_000)),
  agents: v.pipe(
    anyTable<v.InferInput<typeof groups>>(
      "a table of agents\nName them one by one: [agents.worker]",
    ),
    v.check(
      (agents) => Object.keys(agents).length > 0,
      "is empty\nName at least one agent: [agents.worker]",
    ),
    groups,
  ),
});
