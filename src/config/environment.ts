// The only reader of the process's environment: what skep takes from it, and what an agent gets of it.
import { type Secret, secret } from "../core/secret.ts";
import { plainVariables } from "./plain-variables.ts";
import { type Setting, isSecret } from "./schema/setting.ts";
import { sections } from "./settings.ts";

export type Variables = Readonly<Record<string, string | undefined>>;

/** One entry of an agent's `env`: the name of a variable to pass on, or variables set to values, which may be keys and passwords. */
export type EnvironmentRule = string | Readonly<Record<string, Secret>>;

export interface Environment {
  /** SKEP_HOME, else what the original system called CFN_BASE_DIR: the directory of the swarm's state. */
  home: string | undefined;
  /** SKEP_AGENT: the name this process speaks under. */
  agent: string | undefined;
  /** SKEP_TOKEN: what proves that name. */
  token: Secret | undefined;
  /** SKEP_RUN: the run of the swarm that started this process. */
  run: string | undefined;
  /** SKEP_DEBUG: whether an error shows where in the program it came from. */
  debug: boolean;
  /** Whether colour is welcome: NO_COLOR is not set, and the terminal is not a dumb one. */
  colour: boolean;
  /** The home directory of the user. */
  userHome: string;
  /** Every other variable that starts with SKEP_ or CFN_, by its name: settings, or typing errors. */
  settings: Record<string, string>;
}

/** What agents see of the environment when their `env` is left out. */
export const defaultRules: readonly EnvironmentRule[] = [
  "PATH",
  "HOME",
  "USER",
  "LOGNAME",
  "SHELL",
  "LANG",
  "LC_ALL",
  "TERM",
  "TMPDIR",
  "TZ",
];

/** What the environment says to skep; a variable that is set to nothing counts as not set. */
export function readEnvironment(variables: Variables = process.env): Environment {
  const given = (name: string) => variables[name] || undefined;
  return {
    home: given("SKEP_HOME") ?? given("CFN_BASE_DIR"),
    agent: given("SKEP_AGENT"),
    token: tokenOf(given("SKEP_TOKEN")),
    run: given("SKEP_RUN"),
    debug: given("SKEP_DEBUG") !== undefined && variables["SKEP_DEBUG"] !== "0",
    colour: given("NO_COLOR") === undefined && variables["TERM"] !== "dumb",
    userHome: given("HOME") ?? userHome(),
    settings: settingsOf(variables),
  };
}

/**
 * The whole environment of an agent's program: the variables `rules` name, as far as they are set here, then those
 * the rules set, then `own`. Empty when nothing of that exists: nothing else ever leaks in.
 */
export function agentEnvironment(
  rules: readonly EnvironmentRule[] = defaultRules,
  own: Readonly<Record<string, string>> = {},
  variables: Variables = process.env,
): Record<string, string> {
  const passed: Record<string, string> = {};
  for (const name of rules.filter((rule) => typeof rule === "string")) {
    const value = variables[name];
    if (value !== undefined && !changesRuntimes(name)) passed[name] = value;
  }
  const set = rules
    .filter((rule) => typeof rule !== "string")
    .flatMap((rule) => Object.entries(rule).map(([name, value]) => [name, value.reveal()]));
  return Object.assign(passed, Object.fromEntries(set), own);
}

/** The variables that `rules` name to be passed on and that are not set here, but for those that agents get without asking. */
export function unsetVariables(
  rules: readonly EnvironmentRule[],
  variables: Variables = process.env,
): string[] {
  const named = rules.filter((rule) => typeof rule === "string");
  return named.filter((name) => variables[name] === undefined && !defaultRules.includes(name));
}

/** The first of `names` that is set here, with its value; of one that is secret nobody gets to see that. */
export function setVariable(
  names: readonly string[],
  variables: Variables = process.env,
): { name: string; value: string } | undefined {
  const name = names.find((one) => variables[one]);
  if (name === undefined) return undefined;
  return { name, value: name === "SKEP_TOKEN" ? "[secret]" : variables[name]! };
}

function userHome(): string {
  try {
    return process.getBuiltinModule("node:os").homedir();
  } catch {
    // In a container there may be no user of that number; none is needed, but for a home that nobody named.
    return "/";
  }
}

function tokenOf(text: string | undefined): Secret | undefined {
  return text === undefined ? undefined : secret(text);
}

/** All of this process's environment, for another process of ours that is to see the same. */
export function ownEnvironment(variables: Variables = process.env): Record<string, string> {
  const own: Record<string, string> = {};
  for (const [name, value] of Object.entries(variables)) if (value !== undefined) own[name] = value;
  return own;
}

/** Whether the variable makes a runtime load code or change its ways; such a one is only ever set, never passed on. */
export function changesRuntimes(name: string): boolean {
  return name.startsWith("BUN_") || name === "NODE_OPTIONS";
}

/** Sets `variables` for this process and those that it starts, where they are not set yet: those that it set. */
export function addVariables(variables: Readonly<Record<string, string>>): string[] {
  const added = Object.keys(variables).filter((name) => !process.env[name]);
  for (const name of added) process.env[name] = variables[name];
  return added;
}

/** The variables that set settings, to be handed on to agents; without secrets, which are the supervisor's alone. */
export function settingVariables(variables: Variables = process.env): Record<string, string> {
  const originals = Object.values(sections).flatMap((section) =>
    Object.values<Setting>(section).flatMap(({ original }) => original?.name ?? []),
  );
  const chosen = Object.entries(settingsOf(variables));
  const secrets = secretVariables();
  return Object.fromEntries(
    chosen
      .filter(([name]) => !name.startsWith("CFN_") || originals.some((one) => one === name))
      .filter(([name]) => !secrets.includes(name)),
  );
}

function secretVariables(): string[] {
  return Object.entries(sections).flatMap(([section, settings]) =>
    Object.entries<Setting>(settings)
      .filter(([, setting]) => isSecret(setting))
      .map(([name]) => `SKEP_${section}${name.replace(/^|[A-Z]/g, "_$&")}`.toUpperCase()),
  );
}

/** The variables that say the same as `flags`, the words behind each `--set`. */
export function flagVariables(flags: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    flags.map((flag) => {
      const [key, ...text] = flag.split("=");
      // A variable that is set to nothing says nothing, and nothing but a list can be empty.
      return [`SKEP_${key!.replaceAll(".", "_").toUpperCase()}`, text.join("=") || "[]"];
    }),
  );
}

// What programs are told of a message or an alert, who may call skep in turn.
const isHanded =
  /^SKEP_(MSG_.*|ALERT_(RULE|SUBJECT|STATE|SEVERITY|VALUE|THRESHOLD|UNIT|ABOUT|AT))$/;

function settingsOf(variables: Variables): Record<string, string> {
  const settings: Record<string, string> = {};
  for (const [name, value] of Object.entries(variables)) {
    const isOurs = name.startsWith("SKEP_") && !isHanded.test(name);
    if (!isOurs && !name.startsWith("CFN_")) continue;
    if (value && !(name in plainVariables) && name !== "CFN_BASE_DIR") settings[name] = value;
  }
  return settings;
}
