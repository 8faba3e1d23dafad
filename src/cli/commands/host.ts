// `skep host`: runs one agent of a swarm. The supervisor calls it; people do not.
import { type Assignment, runHost } from "../../hosts/host.ts";
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
    const orphaned = new AbortController();
    const draining = AbortSignal.any([context.signal, orphaned.signal]);
    const lines = context.readLines(assignmentBytesMax);
    const { value } = await lines.next();
    const line = value?.[0];
    if (line === undefined)
      throw new SkepError("E_USAGE", `the host of ${name} was told nothing`, {
        hint: "skep up starts hosts.",
      });
    const app = await open(context);
    // The pipe ends when the supervisor does, however it ended: then this agent stops too.
    void lines.next().then(() => orphaned.abort());
    await runHost(app, JSON.parse(textOf(line)!) as Assignment, draining);
    await app.close();
    return 0;
  },
});
