// The programs, modules and directories that a swarm file names: where they are, and whether they are there.
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, isAbsolute, resolve } from "node:path";
import { type EnvironmentRule, defaultRules } from "./environment.ts";
import type { Finding } from "./faults.ts";
import type { AgentGroup } from "./schema/agent-group.ts";

export interface Surroundings {
  /** The directory of the swarm file. */
  directory: string;
  /** The PATH that an agent with these rules gets. Without it a bare name is left to whoever starts it. */
  searchPath?: ((env: readonly EnvironmentRule[]) => string) | undefined;
}

/** `command` with its program as an absolute path, unless it is a bare name, which is looked for on PATH. */
export function absoluteProgram(command: readonly string[], directory: string): string[] {
  const [program, ...rest] = command;
  return [isBare(program!) ? program! : resolve(directory, program!), ...rest];
}

/** What `group` names and what is not there, or cannot be used as what it is named for. */
export function missingPrograms(
  group: string,
  given: Partial<AgentGroup>,
  { directory, searchPath }: Surroundings,
): Finding[] {
  const found: Finding[] = [];
  const find = (keys: string[], fault: Fault | undefined) => {
    if (fault !== undefined) found.push({ path: ["agents", group, ...keys], ...fault });
  };
  const cwd = resolve(directory, given.cwd ?? ".");
  const kind = kindOf(cwd);
  if (kind !== "directory") find(["cwd"], absent(cwd, "directory", kind));

  if (given.module !== undefined) {
    const path = resolve(directory, given.module);
    if (kindOf(path) !== "file") find(["module"], absent(path, "file", kindOf(path)));
  }

  const directories = (searchPath?.(given.env ?? defaultRules) ?? "")
    .split(delimiter)
    .map((each) => resolve(cwd, each));
  const program = (keys: string[], command: readonly string[] | undefined) => {
    if (command === undefined) return;
    const [name] = command as [string];
    if (!isBare(name)) find(keys, unfit(resolve(directory, name)));
    else if (searchPath !== undefined) find(keys, unfound(name, directories, directory));
  };
  program(["command"], given.command);
  if (typeof given.ready === "object") program(["ready", "command"], given.ready.command);
  program(["live", "command"], given.live?.command);
  return found;
}

/** What kind of thing there is at `path`; undefined when there is nothing that we can see. */
export function kindOf(path: string): "file" | "directory" | "other" | undefined {
  try {
    const stat = statSync(path);
    return stat.isFile() ? "file" : stat.isDirectory() ? "directory" : "other";
  } catch {
    return undefined;
  }
}

type Fault = Omit<Finding, "path">;

function isBare(program: string): boolean {
  return !isAbsolute(program) && !program.includes("/");
}

function unfit(path: string): Fault | undefined {
  const kind = kindOf(path);
  if (kind !== "file") return absent(path, "file", kind);
  if (mayExecute(path)) return undefined;
  return {
    what: `names ${path}, which may not be executed`,
    hint: `Allow it with chmod +x, or name what runs it: command = ["sh", "${path}"]`,
  };
}

function unfound(name: string, directories: string[], directory: string): Fault | undefined {
  const isThere = (each: string) => {
    const path = resolve(each, name);
    return kindOf(path) === "file" && mayExecute(path);
  };
  if (directories.some(isThere)) return undefined;
  const beside = kindOf(resolve(directory, name)) === "file";
  return {
    what: `names ${name}, which is in no directory of the agent's PATH`,
    hint: beside
      ? `There is one beside the swarm file: write "./${name}".`
      : `Looked in ${[...new Set(directories)].join(", ")}.`,
  };
}

function absent(path: string, wanted: string, kind: string | undefined): Fault {
  return {
    what: `names ${path}, which is ${kind === undefined ? "not there" : `not a ${wanted}`}`,
    hint: "Paths in a swarm file are relative to the directory of the file.",
  };
}

function mayExecute(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
