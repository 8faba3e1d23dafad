// Reads a swarm file, says everything that is wrong with it, or spells out its agents.
import { readFileSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, resolve } from "node:path";
import * as v from "valibot";
import { SkepError } from "../core/errors.ts";
import { agentSpecs } from "./agent-specs.ts";
import { betweenGroups } from "./between-groups.ts";
import { type Finding, configFault, findingsOf } from "./faults.ts";
import { parserOf } from "./parse.ts";
import { type Surroundings, kindOf, missingPrograms } from "./programs.ts";
import { agentsMax } from "./schema/agents.ts";
import { swarm } from "./schema/swarm.ts";
import { soundGroups } from "./sound-groups.ts";
import { startOrder } from "./start-order.ts";
import { type Swarm, swarmDefaults } from "./swarm.ts";

/** What a swarm file is called where nobody names one. */
export const usualFile = "skep.swarm.toml";

// Far more than anybody writes, and little enough to read at once.
const fileBytesMax = 4 * 1024 * 1024;

export interface ReadingOptions extends Pick<Surroundings, "searchPath"> {
  /** How many agents some groups have instead of what the file says. */
  counts?: Readonly<Record<string, number>> | undefined;
  /** How many agents there may be in all: `agents.count_max`. */
  countMax?: number | undefined;
  /** What the file held when it was checked before: that is read, and not what it holds now. */
  source?: Uint8Array | undefined;
  /** What is wrong with the swarm for whoever is to run it, though each key may be well written. */
  misfits?: ((swarm: Swarm) => readonly Finding[]) | undefined;
}

/**
 * The swarm that the file at `path` describes; never without agents. With `searchPath`, the PATH that an agent gets,
 * programs with bare names are looked for as well. E_CONFIG for a file that is missing, of an unknown kind, not well
 * written, or that asks for what cannot be; it names each mistake with the file, the line and the key.
 */
export async function readSwarmFile(
  path: string,
  {
    searchPath,
    counts = {},
    countMax = agentsMax,
    source: checkedBefore,
    misfits = () => [],
  }: ReadingOptions = {},
): Promise<Swarm> {
  const file = resolve(path);
  const parse = parserOf(file);
  if (parse === undefined)
    throw new SkepError("E_CONFIG", `${path} is not a swarm file by its name`, {
      hint: "A swarm file ends in .toml, .yaml, .yml or .json.",
    });
  const source = checkedBefore ?? readBytes(path);
  const parsed = await parse({ file: path, bytes: source });
  const directory = dirname(file);
  const checked = v.safeParse(swarm, parsed.value);
  const { groups, named } = soundGroups(checked.output, checked.issues ?? []);
  const findings = [
    ...findingsOf(checked.issues ?? []),
    ...betweenGroups(groups, named, countMax),
    // A program that is gone since then is its agent's own failure, and nobody else's.
    ...(checkedBefore === undefined ? [...groups] : []).flatMap(([group, given]) =>
      missingPrograms(group, given, { directory, searchPath }),
    ),
  ];
  const faultOf = (found: readonly Finding[]) =>
    configFault(
      found,
      (keys) => ({ file: path, line: parsed.lineOf(keys), key: keys.join(".") }),
      `${path} has`,
    );
  if (!checked.success || findings.length > 0) throw faultOf(findings);
  const { name, topology, agents, ...whole } = checked.output;
  const all = Object.entries(agents).map(
    ([group, given]) => [group, { ...given, count: counts[group] ?? given.count }] as const,
  );
  const cores = availableParallelism();
  const swarmOfFile: Swarm = {
    name,
    file,
    source,
    directory,
    topology: topology ?? swarmDefaults.topology,
    addressBook: whole.address_book ?? swarmDefaults.addressBook,
    startAtOnce: whole.start_at_once ?? swarmDefaults.startAtOnce,
    startStaggerMs: whole.start_stagger ?? swarmDefaults.startStaggerMs,
    restartsMax: whole.restarts_max ?? swarmDefaults.restartsMax,
    restartsPeriodMs: whole.restarts_period ?? swarmDefaults.restartsPeriodMs,
    agents: all.flatMap(([group, given]) => agentSpecs(group, given, directory, cores)),
    startOrder: startOrder(new Map(all.map(([group, { after = [] }]) => [group, after]))).steps,
  };
  const unfit = misfits(swarmOfFile);
  if (unfit.length > 0) throw faultOf(unfit);
  return swarmOfFile;
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
