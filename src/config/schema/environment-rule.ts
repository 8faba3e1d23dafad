// What an agent sees of the environment: names to pass on, and variables to set.
import * as v from "valibot";
import { secret } from "../../core/secret.ts";
import { changesRuntimes } from "../environment.ts";
import { text } from "./values.ts";

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
  v.pipe(text(), v.transform(secret)),
);

/** One entry of `env`. */
export const environmentRule = v.union(
  [passedOn, set],
  'must be a name to pass on, or { NAME = "value" } with text as its value',
);
