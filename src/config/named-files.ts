// The files beside a swarm file that its agents are started with.
import { relative, resolve } from "node:path";
import { kindOf } from "./programs.ts";
import type { AgentSpec, Swarm } from "./swarm.ts";

/**
 * What lies below the directory of the swarm file and is named in it, relative to that directory, each once: modules,
 * programs, files that are words of a command, and directories that agents run in. What lies in such a directory goes
 * with it.
 */
export function namedFiles({ directory, agents }: Pick<Swarm, "directory" | "agents">): string[] {
  const named = new Set(agents.flatMap((agent) => [agent.cwd, ...filesOf(agent)]));
  const below = [...named]
    .map((path) => relative(directory, path))
    .filter((path) => path !== "" && !path.split("/").includes(".."))
    .sort();
  return below.filter((path) => !below.some((other) => path.startsWith(`${other}/`)));
}

function filesOf({ cwd, command = [], module, ready, live }: AgentSpec): string[] {
  const probes = [ready, live].flatMap((probe) =>
    probe !== null && typeof probe === "object" && "command" in probe ? [probe.command] : [],
  );
  const words = [command, ...probes].flatMap(([program = "", ...rest]) => [
    // One without a slash is looked for on PATH.
    ...(program.includes("/") ? [program] : []),
    ...rest,
  ]);
  const paths = words.map((word) => resolve(cwd, word)).filter((path) => kindOf(path) === "file");
  return module === undefined ? paths : [...paths, module];
}
