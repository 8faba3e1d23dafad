// Where the program of an agent is looked for.
import { withSkepOnPath } from "../agents/executable.ts";
import { type EnvironmentRule, agentEnvironment } from "../config/environment.ts";

/** The PATH that an agent with these rules gets. */
export function agentSearchPath(env: readonly EnvironmentRule[]): string {
  return withSkepOnPath(agentEnvironment(env))["PATH"]!;
}
