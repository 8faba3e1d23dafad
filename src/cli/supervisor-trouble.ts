// What is the matter with the supervisor of a run, in the words that every command has for it.
import type { Summary } from "../agents/shutdown.ts";
import type { LastRun } from "../app.ts";

/** What is wrong with the supervisor of a run that is open, and what to do; undefined when nothing is, or no run is open. */
export function supervisorTrouble(run: LastRun | undefined): string | undefined {
  if (run === undefined || run.state === "stopped") return undefined;
  if (run.halted)
    return `its supervisor is stopped, and nobody sees to the agents: kill -CONT ${run.pid} lets it go on`;
  if (run.returns) return "its supervisor was killed, and is about to start again";
  return run.alive
    ? undefined
    : "its supervisor is dead, and nobody sees to the agents: skep down cleans up";
}

/** Why a run that has ended could not go on; null when it ended as it was to, or has not ended. */
export function gaveUpOf({ summary }: Pick<LastRun, "summary">): string | null {
  return summary === null ? null : (JSON.parse(summary) as Summary).gaveUp;
}
