// Waiting for a supervisor: whoever does is told for what, once it takes long.
import { isOfHere, unseenMaxMs } from "../agents/runs.ts";
import type { App } from "../app.ts";
import { sleep } from "../core/clock.ts";
import { formatDuration } from "../core/durations.ts";
import type { Context } from "./context.ts";

const patienceMs = 3_000;
const againMs = 10_000;

/** What `work`, which waits for the supervisor of the swarm that runs here, comes to. When it takes long a person is told when that was last heard of. */
export async function awaitSupervisor<Answer>(
  context: Context,
  app: App,
  work: Promise<Answer>,
): Promise<Answer> {
  const over = new AbortController();
  // Whether it can be told is not what the work depends on.
  void tellOfWait(context, app, over.signal).catch(() => {});
  try {
    return await work;
  } finally {
    over.abort();
  }
}

async function tellOfWait(context: Context, app: App, over: AbortSignal): Promise<void> {
  await sleep(patienceMs, over);
  while (!over.aborted) {
    const run = await app.lastRun();
    if (run === undefined || over.aborted) return;
    const { swarm, pid, seenTick } = run;
    const ago = formatDuration(app.clock.tick() - seenTick);
    const who = `waiting for the supervisor of ${swarm}, process ${pid}`;
    // Nobody here can look whether such a process is there.
    const elsewhere = isOfHere(run, app.clock.boot)
      ? ""
      : ` of another pid namespace, which is taken for dead after ${formatDuration(unseenMaxMs)} without a word`;
    context.say(`${who}${elsewhere}; it was last heard of ${ago} ago`);
    await sleep(againMs, over);
  }
}
