// The program of a single message: whoever looks after the agent is told of it once it has been at work for a while.
// Most end sooner, and nobody wants to know of each.
import type { Report } from "../agents/host-line.ts";
import type { ProcessIdentity } from "../core/identity.ts";

const longMs = 1_000;

/** Hears which program works for the agent `name`, undefined for none, and tells of those that go on for long. */
export function tellOfLongWork(
  name: string,
  tell: (report: Report) => void,
): (program: ProcessIdentity | undefined) => void {
  let waiting: ReturnType<typeof setTimeout> | undefined;
  let told = false;
  return (program) => {
    clearTimeout(waiting);
    if (told) tell({ report: "working", name, program: null });
    told = false;
    if (program === undefined) return;
    const { pid, startTime } = program;
    waiting = setTimeout(() => {
      told = true;
      tell({ report: "working", name, program: { pid, startTime } });
    }, longMs);
  };
}
