// Cuts every file into pieces and sends one message per piece to the workers, who answer to the collector.
// The inbox `pieces` holds 1,000 deliveries, so most of the time this program waits for room.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { listFiles } from "./files.ts";
import { cut, format } from "./piece.ts";
import { leave, setting } from "./work.ts";

const run = setting("CENSUS_RUN");
const directory = setting("CENSUS_DIR");
const home = setting("SKEP_HOME");

const { files, skipped } = listFiles(directory, home);
const bodies = files.flatMap((path, file) =>
  cut(readFileSync(join(directory, path))).map((part) => ({ file, path, ...part })),
);
leave(setting("CENSUS_WORK"), "plan", { home, files, skipped, pieces: bodies.length });

let unsent = [
  { to: "collector", type: "plan", body: `${run} ${bodies.length} ${files.length}` },
  ...bodies.map((part, number) => ({
    to: "pieces",
    type: "piece",
    body: format({ run, number, ...part }),
    reply_to: "collector",
  })),
];
while (unsent.length > 0) unsent = await send(unsent);

// Sends what it can and gives back what found no room, or no turn, in time: that was refused, so it may be sent again.
async function send(messages: typeof unsent): Promise<typeof unsent> {
  const skep = Bun.spawn(["skep", "send", "--batch", "--timeout", "30s"], {
    stdin: new Blob(messages.map((message) => `${JSON.stringify(message)}\n`)),
    stdout: "pipe",
    stderr: "inherit",
  });
  const output = (await skep.stdout.text()).trim();
  const answers = output === "" ? [] : output.split("\n").map((line) => JSON.parse(line));
  if (answers.length !== messages.length)
    throw new Error(`skep send answered ${answers.length} of ${messages.length} messages`);
  const passing = new Set(["E_FULL", "E_BUSY"]);
  const fault = answers.find(({ error }) => error !== undefined && !passing.has(error.code));
  if (fault !== undefined) throw new Error(`skep send: ${fault.error.message}`);
  return messages.filter((_, place) => answers[place].error !== undefined);
}
