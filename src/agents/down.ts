// Down: has the supervisor stop its swarm, or finishes in its place when it is dead.
import { SkepError } from "../core/errors.ts";
import { sleep } from "../core/clock.ts";
import { isAlive } from "../core/identity.ts";
import { signalProcess } from "./process.ts";
import {
  type Run,
  askToStop,
  findOpenRun,
  findRun,
  guardianOf,
  isOfHere,
  isSupervised,
} from "./runs.ts";
import { type RunParts, type Summary, finishRun } from "./shutdown.ts";

const lookMs = 50;

/** Stops the swarm that runs here, and keeps its guardian from starting it again, giving its agents `timeoutMs` to finish: how it went, or undefined when none runs. E_BUSY when `signal` aborts before it is down. */
export async function stopSwarm(
  parts: RunParts,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Summary | undefined> {
  let summary: Summary | undefined;
  let guardianPid: number | null = null;
  for (;;) {
    const run = await parts.store.read(findOpenRun);
    // The guardian may just have begun another run in the place of a killed one; a swarm that somebody else starts may stay.
    if (run === undefined || (summary !== undefined && run.guardianPid !== guardianPid))
      return summary;
    guardianPid = run.guardianPid;
    summary = await stopRun(run, parts, timeoutMs, signal);
  }
}

async function stopRun(
  run: Run,
  parts: RunParts,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Summary> {
  const { store, clock } = parts;
  const startTick = clock.tick();
  // Had it been stopped with the write lock in its hands, nothing could be written before it goes on.
  if (isOfHere(run, clock.boot)) signalProcess(run, "SIGCONT");
  const isFirst = await store.write((tx) => askToStop(tx, run.id, timeoutMs), { essential: true });
  // In another boot or another container its process id is somebody else's; there the row alone tells it.
  if (isOfHere(run, clock.boot)) {
    // A second signal would tell the supervisor not to wait, so it gets one however many ask.
    if (isFirst) signalProcess(run, "SIGTERM");
    // A stopped process hears nothing until it is continued.
    signalProcess(run, "SIGCONT");
  }
  // Read anew each time: one in another container is believed to be there for as long as it is heard of.
  const now = async () => (await store.read((tx) => findRun(tx, run.id)))!;
  const hasStopped = async () => (await now()).state === "stopped";
  const goesOn = async () => {
    const run = await now();
    return run.state !== "stopped" && isSupervised(run, clock.boot, clock.tick());
  };
  const wait = async () => {
    if (signal.aborted)
      throw new SkepError("E_BUSY", `${run.swarm} is still on its way down`, {
        hint: "skep status tells how far it is.",
      });
    await sleep(lookMs, signal);
  };
  while (await goesOn()) await wait();
  if (!(await hasStopped())) {
    // The supervisor was killed. Its guardian would start it again; told to stop, it finishes the run itself.
    const guardian = guardianOf(run, clock.boot);
    if (guardian !== undefined) {
      for (const name of ["SIGTERM", "SIGCONT"] as const) signalProcess(guardian, name);
      while (isAlive(guardian)) await wait();
    }
  }
  return await finishRun(run, parts, startTick);
}
