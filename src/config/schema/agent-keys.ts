// Every key that a group of agents can have in a swarm file, each by itself.
import * as v from "valibot";
import { agentLimits } from "./agent-limits.ts";
import { environmentRule } from "./environment-rule.ts";
import { live, ready } from "./probes.ts";
import { programCall } from "./program.ts";
import { choice, duration, editors, flag, name, table, text, whole } from "./values.ts";

const countHint = "To run none of them, leave the group out; a swarm has 10000 agents at most.";

const namesPattern = v.pipe(
  v.string("must be text"),
  v.maxLength(99, "must be shorter\nA name has 64 characters at most."),
  v.regex(
    /^[^{}]*\{n(:[1-9])?\}[^{}]*$/,
    'must have {n} in it once, where the number goes\nSuch as "worker-{n}", or "worker-{n:3}" for worker-001.',
  ),
);

const hostsMax = 1_000;
const pool = v.pipe(
  v.custom<boolean | number>(
    (given) =>
      typeof given === "boolean" ||
      (Number.isInteger(given) && Number(given) >= 1 && Number(given) <= hostsMax),
    `must be true, false or a whole number from 1 to ${hostsMax}`,
  ),
  editors({ type: ["boolean", "integer"], minimum: 1, maximum: hostsMax }),
);

/** The keys of a group; what they mean is in docs/swarms.md. */
export const agentKeys = table({
  // What it runs, and what that gets to see.
  runner: v.optional(choice(["exec", "stream", "self", "module"]), "self"),
  command: v.optional(programCall),
  module: v.optional(v.pipe(text(), v.minLength(1, "must be the path of a file"))),
  cwd: v.optional(v.pipe(text(), v.minLength(1, "must be the path of a directory"))),
  env: v.optional(v.array(environmentRule, 'must be a list: ["PATH", { NAME = "value" }]')),
  terminal: v.optional(flag()),
  // How many there are, under which names, in how many processes of ours.
  count: v.optional(whole(1, 10_000, countHint)),
  names: v.optional(namesPattern),
  pool: v.optional(pool),
  at_once: v.optional(whole(1, 10_000)),
  spare: v.optional(whole(0, 1_000)),
  // Where the messages of each come from, how many, and who is whose.
  inbox: v.optional(name()),
  in_flight: v.optional(whole(1, 1_000)),
  limits: v.optional(agentLimits),
  role: v.optional(choice(["coordinator", "worker"])),
  team: v.optional(name()),
  // When it starts, when it counts as ready and as alive.
  after: v.optional(v.array(name(), 'must be a list of groups: ["collector"]')),
  ready: v.optional(ready),
  ready_timeout: v.optional(duration(10)),
  live: v.optional(live),
  // When it is started again, and how it is ended.
  restart: v.optional(choice(["on-failure", "always", "never"])),
  restart_max: v.optional(whole(0, 1_000_000)),
  restart_period: v.optional(duration(1_000)),
  backoff_min: v.optional(duration(1_000)),
  backoff_max: v.optional(duration(1_000)),
  success_exit_codes: v.optional(v.array(whole(0, 255), "must be a list of exit codes: [0]")),
  stop_grace: v.optional(duration(0)),
  log_bytes_max: v.optional(whole(1_000, 1_000_000_000_000)),
});
