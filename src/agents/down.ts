// Down: has the supervisor stop its swarm, or finishes in its place when it is dead.
import { SkepError } from "../core/errors.ts";
import { sleep } from "../core/clock.ts";
import { signalProcess } from "./process.ts";
import { askToStop, findOpenRun, findRun, isOfHere, isSupervised } from "./runs.ts";
import { type RunParts, type Summary, finishRun } from "./shutdown.ts";

const lookMs = 50;

/** Stops the swarm that runs here, giving its agents `timeoutMs` to finish: how it went, or undefined when none runs. E_BUSY when `signal` aborts before it is down. */
export async function stopSwarm(
  parts: RunParts,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Summary | undefined> {
  const { store, clock } = parts;
  const run = await store.read(findOpenRun);
  if (run === undefined) return undefined;
  const startTick = clock.tick();
  const isFirst = await store.write((tx) => askToStop(tx, run.id, timeoutMs));
  // In another boot or another container its process id is somebody else's; there the row alone tells it.
  if (isOfHere(run, clock.boot)) {
    // A second signal would tell the supervisor not to wait, so it gets one however many ask.
    if (isFirst) signalProcess(run, "SIGTERM");
    // A stopped process hears nothing until it is continued.
    signalProcess(run, "SIGCONT");
  }
  while (isSupervised(run, clock.boot, clock.tick())) {
    if (signal.aborted)
      throw new SkepError("E_BUSY", `${run.swarm} is still on its way down`, {
        hint: "skep status tells how far it is.",
      });
    const now = await store.read((tx) => findRun(tx, run.id));
    if (now?.state === "stopped") break;
    await sleep(lookMs, signal);
  }
  return await finishRun(run, parts, startTick);
}
