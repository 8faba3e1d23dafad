// Reads a swarm file and spells out its agents.
import { readFileSync, statSync } from "node:fs";
import { dirname, extname, isAbsolute, resolve } from "node:path";
import * as v from "valibot";
import { SkepError } from "../core/errors.ts";
import { namePattern } from "../core/names.ts";
import { defaultRules } from "./environment.ts";
import { configFault } from "./faults.ts";
import { type Parsed, type Source, parseJson, parseToml, parseYaml, placeOf } from "./parse.ts";
import { type AgentGroup, swarm } from "./schema/swarm.ts";
import type { AgentSpec, Swarm } from "./swarm.ts";

const parsers: Record<string, (source: Source) => Promise<Parsed>> = {
  ".toml": parseToml,
  ".yaml": parseYaml,
  ".yml": parseYaml,
  ".json": parseJson,
};

// Far more than anybody writes, and little enough to read at once.
const fileBytesMax = 4 * 1024 * 1024;

/**
 * The swarm that the file at `path` describes; never without agents. E_CONFIG, naming the file, the line where it is
 * known and the key, for a file that is missing, of an unknown kind, not well written, or that asks for what cannot be.
 */
export async function readSwarmFile(path: string): Promise<Swarm> {
  const file = resolve(path);
  const parse = parsers[extname(file).toLowerCase()];
  if (parse === undefined)
    throw new SkepError("E_CONFIG", `${path} is not a swarm file by its name`, {
      hint: "A swarm file ends in .toml, .yaml, .yml or .json.",
    });
  return checkSwarm(await parse({ file: path, bytes: readBytes(path) }), path);
}

function checkSwarm(parsed: Parsed, path: string): Swarm {
  const checked = v.safeParse(swarm, parsed.value);
  const place: Place = (keys) => {
    const where = placeOf(path, parsed.lineOf(keys));
    return keys.length === 0 ? where : `${where}: ${keys.join(".")}`;
  };
  if (!checked.success) throw configFault(checked.issues, place);
  const file = resolve(path);
  const directory = dirname(file);
  const groups = Object.entries(checked.output.agents);
  const agents = groups.flatMap(([group, given]) => agentsOf(group, given, directory, place));
  checkDistinct(agents, place);
  return { name: checked.output.name, file, directory, agents };
}

type Place = (keys: readonly string[]) => string;

function agentsOf(group: string, given: AgentGroup, directory: string, place: Place): AgentSpec[] {
  const cwd = resolve(directory, given.cwd ?? ".");
  const kind = kindOf(cwd);
  if (kind !== "directory")
    throw absent(place(["agents", group, "cwd"]), cwd, "directory", kind !== undefined);
  const program = programOf(group, given, directory, place);
  return namesOf(group, given.count, place).map((name) =>
    Object.assign(
      {
        name,
        group,
        runner: given.runner,
        inbox: given.inbox ?? name,
        env: given.env ?? defaultRules,
        cwd,
        inFlight: given.in_flight ?? 1,
      },
      program,
    ),
  );
}

function programOf(
  group: string,
  { command, module }: AgentGroup,
  directory: string,
  place: Place,
): Pick<AgentSpec, "command" | "module"> {
  const [program, ...rest] = command ?? [];
  const key = module === undefined ? "command" : "module";
  const named = module ?? program!;
  // A bare name is looked for on PATH, where the agent is started.
  if (key === "command" && !named.includes("/")) return { command: [named, ...rest] };
  const path = isAbsolute(named) ? named : resolve(directory, named);
  const kind = kindOf(path);
  if (kind !== "file")
    throw absent(place(["agents", group, key]), path, "file", kind !== undefined);
  return key === "module" ? { module: path } : { command: [path, ...rest] };
}

function namesOf(group: string, count: number | undefined, place: Place): string[] {
  if (count === undefined) return [group];
  const names = Array.from({ length: count }, (_, index) => `${group}-${index + 1}`);
  const longest = names.at(-1)!;
  if (namePattern.test(longest)) return names;
  throw new SkepError(
    "E_CONFIG",
    `${place(["agents", group])} gives an agent the name ${longest}, which has ${longest.length} characters`,
    { hint: "A name has 64 characters at most, with the number of the agent." },
  );
}

function checkDistinct(agents: readonly AgentSpec[], place: Place): void {
  const groupOf = new Map<string, string>();
  for (const { name, group } of agents) {
    const other = groupOf.get(name);
    if (other !== undefined)
      throw new SkepError(
        "E_CONFIG",
        `${place(["agents", group])} makes a second agent called ${name}, beside that of ${other}`,
        { hint: "Rename one of the two." },
      );
    groupOf.set(name, group);
  }
}

function readBytes(path: string): Uint8Array {
  const hint = "Name the swarm file that is to run.";
  const kind = kindOf(path);
  if (kind === undefined) throw new SkepError("E_CONFIG", `there is no file ${path}`, { hint });
  if (kind !== "file") throw new SkepError("E_CONFIG", `${path} is not a file`, { hint });
  if (statSync(path).size > fileBytesMax)
    throw new SkepError("E_CONFIG", `${path} is larger than 4 MiB`, { hint });
  try {
    return readFileSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new SkepError("E_CONFIG", `${path} cannot be read (${code})`, {
      hint: "Check its owner and mode.",
    });
  }
}

function kindOf(path: string): "file" | "directory" | "other" | undefined {
  try {
    const stat = statSync(path);
    return stat.isFile() ? "file" : stat.isDirectory() ? "directory" : "other";
  } catch {
    return undefined;
  }
}

function absent(place: string, path: string, wanted: string, exists: boolean): SkepError {
  return new SkepError(
    "E_CONFIG",
    `${place}: ${exists ? `${path} is not a ${wanted}` : `there is no ${wanted} ${path}`}`,
    { hint: "Paths in a swarm file are relative to the directory of the file." },
  );
}
