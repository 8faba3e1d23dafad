// A group of agents in a swarm file: its keys, and which of them go together.
import * as v from "valibot";
import { agentDefaults } from "../swarm.ts";
import { agentKeys } from "./agent-keys.ts";
import { type Rule, rules } from "./values.ts";

type Keys = v.InferOutput<typeof agentKeys>;
type Key = keyof Keys & string;

const staysUp = ({ runner }: Keys) => runner === "self" || runner === "stream";
const hasPool = ({ pool }: Keys) => pool !== undefined && pool !== false;

/** What is of no use but with something else. Turned off it may stand anywhere. */
function only(key: Key, what: string, and: readonly Key[], fits: (given: Keys) => boolean) {
  return {
    key,
    and,
    holds: (given) => given[key] === undefined || given[key] === false || fits(given),
    message: `goes only with ${what}`,
  } satisfies Rule<Keys>;
}

function notWithNever(key: Key): Rule<Keys> {
  return {
    key,
    and: ["restart"],
    holds: (given) => given[key] === undefined || given.restart !== "never",
    message: 'does not go with restart = "never"',
  };
}

const programs: Rule<Keys>[] = [
  {
    key: "command",
    and: ["runner"],
    holds: ({ runner, command }) => runner === "module" || command !== undefined,
    message: 'is missing\nSay what to run: command = ["sh", "worker.sh"]',
  },
  {
    key: "command",
    and: ["runner"],
    holds: ({ runner, command }) => runner !== "module" || command === undefined,
    message: 'does not go with runner = "module"\nGive the file: module = "handler.ts"',
  },
  {
    key: "module",
    and: ["runner"],
    holds: ({ runner, module }) => runner !== "module" || module !== undefined,
    message: 'is missing\nName the file that exports handle: module = "handler.ts"',
  },
  only("module", 'runner = "module"', ["runner"], ({ runner }) => runner === "module"),
  only("terminal", 'runner = "self"', ["runner"], ({ runner }) => runner === "self"),
];

const crowds: Rule<Keys>[] = [
  only("names", "a count", ["count"], ({ count }) => count !== undefined),
  only(
    "pool",
    'runner = "exec", "stream" or "module"\nWithout a runner it is self, and each agent has a host of its own.',
    ["runner"],
    ({ runner }) => runner !== "self",
  ),
  only(
    "at_once",
    'a pool and runner = "exec"',
    ["pool", "runner"],
    (given) => hasPool(given) && given.runner === "exec",
  ),
  only(
    "spare",
    'a pool and runner = "stream"',
    ["pool", "runner"],
    (given) => hasPool(given) && given.runner === "stream",
  ),
  only("in_flight", 'runner = "stream"', ["runner"], ({ runner }) => runner === "stream"),
];

const elsewhere = 'Other programs run for one message each: use runner = "self" or "stream"';

const signsOfLife: Rule<Keys>[] = [
  {
    key: "ready",
    and: ["runner"],
    holds: (given) => given.ready !== "beat" || staysUp(given),
    message: `waits for a beat, which only a program that stays can give\n${elsewhere}.`,
  },
  {
    key: "ready",
    and: ["runner"],
    holds: (given) =>
      typeof given.ready !== "object" || given.ready.log === undefined || staysUp(given),
    message: `waits for a line of output, which only a program that stays can give\n${elsewhere}.`,
  },
  {
    key: "live",
    and: ["runner"],
    holds: (given) => given.live?.beat === undefined || staysUp(given),
    message: `waits for beats, which only a program that stays can give\n${elsewhere}.`,
  },
  {
    key: "spare",
    and: ["runner", "ready", "live"],
    holds: ({ spare, ready, live }) =>
      spare === undefined || spare === 0 || (ready !== "beat" && live?.beat === undefined),
    message:
      "does not go with beats: a program that was started ahead has no name to beat under\nUse a line of output or a command.",
  },
  only("success_exit_codes", 'runner = "self" or "stream"', ["runner"], staysUp),
];

const restarts: Rule<Keys>[] = [
  ...(["restart_max", "restart_period", "backoff_min", "backoff_max"] as const).map(notWithNever),
  {
    key: "backoff_min",
    and: ["backoff_max"],
    holds: ({ backoff_min: least, backoff_max: most }) =>
      (least ?? agentDefaults.backoffMinMs) <= (most ?? agentDefaults.backoffMaxMs),
    message: "is longer than backoff_max\nWithout one, backoff_max is 60s.",
  },
];

/** One group of agents, checked by itself; how it fits the others is for `betweenGroups`. */
export const agentGroup = v.pipe(
  agentKeys,
  rules([...programs, ...crowds, ...signsOfLife, ...restarts]),
);

/** A group as the file describes it, without what it leaves to the defaults. */
export type AgentGroup = v.InferOutput<typeof agentGroup>;
