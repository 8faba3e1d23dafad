// `skep host`: runs one agent of a swarm. The supervisor calls it; people do not.
import { endWithoutSupervisor, runHost } from "../../hosts/host.ts";
import type { Assignment } from "../../hosts/runner.ts";
import { SkepError } from "../../core/errors.ts";
import { textOf } from "../../core/text.ts";
import { defineCommand } from "../command.ts";
import { open } from "../open.ts";

const assignmentBytesMax = 4 * 1024 * 1024;

export default defineCommand({
  name: "host",
  summary: "run one agent of a swarm, as told on standard input",
  args: { name: { type: "positional", description: "the agent" } },
  async run(context, { name }) {
    const { signal } = context;
    const lines = context.readLines(assignmentBytesMax);
    const { value } = await lines.next();
    if (signal.aborted) return;
    const assignment = assignmentOf(name, value?.[0]);
    const app = await open(context);
    const orphaned = new AbortController();
    const draining = AbortSignal.any([signal, orphaned.signal]);
    // The pipe ends when the supervisor does, however it ended: then this agent stops too.
    void lines.next().then(() => orphaned.abort());
    void endWithoutSupervisor(app, assignment, draining);
    await runHost(app, assignment, draining);
    await app.close();
  },
});

function assignmentOf(name: string, line: Uint8Array | undefined): Assignment {
  try {
    return JSON.parse(textOf(line!)!) as Assignment;
  } catch {
    throw new SkepError("E_USAGE", `the host of ${name} was not told what to do`, {
      hint: "skep up starts hosts.",
    });
  }
}
