// A swarm file: the name of the swarm, and its agents by group.
import * as v from "valibot";
import { changesRuntimes } from "../environment.ts";
import { choice, name, table, whole } from "./values.ts";

const runners = ["exec", "stream", "self", "module"] as const;

const word = v.pipe(
  v.string("must be text"),
  v.regex(/^[^\0]*$/, "must be text without NUL characters"),
);

const programCall = v.pipe(
  v.array(word, (issue) => {
    const message = "must be a list: the program, then its arguments";
    const words = typeof issue.input === "string" ? issue.input.split(/\s+/) : ["sh", "worker.sh"];
    return `${message}\nWrite it as a list: command = ${JSON.stringify(words)}`;
  }),
  v.check((words) => (words[0] ?? "") !== "", "must start with the program to run"),
);

const environmentName = /^[A-Za-z_][A-Za-z0-9_]*$/;

const passedOn = v.pipe(
  v.string(),
  v.regex(environmentName, "must be the name of an environment variable"),
  v.check(
    (variable) => !changesRuntimes(variable),
    'changes how programs run and is never passed on\nSet it here if you mean it: { NAME = "value" }',
  ),
);

const set = v.record(
  v.pipe(v.string(), v.regex(environmentName, "is not the name of an environment variable")),
  word,
);

const environmentRule = v.union(
  [passedOn, set],
  'must be a name to pass on, or { NAME = "value" } with text as its value',
);

const agent = v.pipe(
  table({
    command: v.optional(programCall),
    module: v.optional(v.pipe(word, v.minLength(1, "must be the path of a file"))),
    runner: v.optional(choice(runners), "self"),
    inbox: v.optional(name()),
    count: v.optional(whole(1, 10_000)),
    env: v.optional(v.array(environmentRule, 'must be a list: ["PATH", { NAME = "value" }]')),
    cwd: v.optional(v.pipe(word, v.minLength(1, "must be the path of a directory"))),
    in_flight: v.optional(whole(1, 1_000)),
  }),
  v.forward(
    v.check(
      ({ runner, command }) => runner === "module" || command !== undefined,
      'is missing\nSay what to run: command = ["sh", "worker.sh"]',
    ),
    ["command"],
  ),
  v.forward(
    v.check(
      ({ runner, command }) => runner !== "module" || command === undefined,
      'does not go with runner = "module"\nGive the file: module = "handler.ts"',
    ),
    ["command"],
  ),
  v.forward(
    v.check(
      ({ runner, module }) => runner !== "module" || module !== undefined,
      'is missing\nName the file that exports handle: module = "handler.ts"',
    ),
    ["module"],
  ),
  v.forward(
    v.check(
      ({ runner, module }) => runner === "module" || module === undefined,
      'goes only with runner = "module"',
    ),
    ["module"],
  ),
  v.forward(
    v.check(
      ({ runner, in_flight }) => runner === "stream" || in_flight === undefined,
      'goes only with runner = "stream"',
    ),
    ["in_flight"],
  ),
);

const groups = v.record(name(), agent);

export const swarm = table({
  // For editors that find the schema by its address.
  $schema: v.optional(v.string("must be text")),
  name: name(),
  agents: v.pipe(
    v.custom<v.InferInput<typeof groups>>(
      isTable,
      "must be a table of agents\nName them one by one: [agents.worker]",
    ),
    v.check(
      (agents) => Object.keys(agents).length > 0,
      "is empty\nName at least one agent: [agents.worker]",
    ),
    v.check(
      // The schema library leaves these keys out without a word.
      (agents) =>
        !["__proto__", "constructor", "prototype"].some((key) => Object.hasOwn(agents, key)),
      "cannot have an agent called __proto__, constructor or prototype\nGive it another name.",
    ),
    groups,
  ),
});

/** One group of agents as the file describes it, checked. */
export type AgentGroup = v.InferOutput<typeof agent>;

function isTable(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
