// The runs table: one row per `up`, open until its supervisor has stopped.
import { formatDuration } from "../core/durations.ts";
import { SkepError } from "../core/errors.ts";
import { type ProcessIdentity, isAlive, pidNamespace, processState } from "../core/identity.ts";
import type { ReadTx, WriteTx } from "../store/store.ts";

export interface Run extends ProcessIdentity {
  id: number;
  swarm: string;
  file: string;
  /** SKEP_RUN in the environment of all that it started. */
  mark: string;
  state: "running" | "stopping" | "stopped";
  boot: string;
  namespace: string;
  /** The process that starts its supervisor again when it is killed; null: nobody does. */
  guardianPid: number | null;
  startedAt: number;
  /** When its supervisor last said that it is there. */
  seenTick: number;
  /** JSON: how many agents of a group there are, where `scale` has said so. */
  counts: string | null;
  stopAskedAt: number | null;
  stopTimeoutMs: number | null;
  endedAt: number | null;
  /** JSON; null until it has stopped. */
  summary: string | null;
}

/** Who supervises a run, and where its process ids mean something. */
export type Supervisor = Pick<Run, "boot" | "namespace" | "pid" | "startTime" | "guardianPid">;

const columns = `id, swarm, file, mark, state, boot, namespace, pid, start_time as startTime,
  guardian_pid as guardianPid, started_at as startedAt, seen_tick as seenTick, counts,
  stop_asked_at as stopAskedAt, stop_timeout_ms as stopTimeoutMs, ended_at as endedAt, summary`;

/** How long a supervisor in another pid namespace is believed to be there without a word from it. */
export const unseenMaxMs = 60_000;

/** Opens a run under the supervisor that is described with it: its id. E_RUNNING when one is open. */
export async function openRun(
  tx: WriteTx,
  run: Pick<Run, "swarm" | "file" | "mark"> & Supervisor,
): Promise<number> {
  const open = await findOpenRun(tx);
  if (open !== undefined) throw runsAlready(open, tx.tick);
  const { swarm, file, mark, boot, namespace, pid, startTime, guardianPid } = run;
  const { lastId } = await tx.run(
    `insert into runs (swarm, file, mark, state, boot, namespace, pid, start_time, guardian_pid, started_at, seen_tick)
     values ($swarm, $file, $mark, 'running', $boot, $namespace, $pid, $startTime, $guardianPid, $now, $tick)`,
    {
      swarm,
      file,
      mark,
      boot,
      namespace,
      pid,
      startTime,
      guardianPid,
      now: tx.now,
      tick: tx.tick,
    },
  );
  return lastId;
}

/** The error for whoever would start a second swarm beside `run`. One that may be nowhere any more is said to be, with `now` in ticks: for how long it is believed to be there. */
export function runsAlready(
  run: Pick<Run, "swarm" | "pid"> & Partial<Run>,
  now?: number,
): SkepError {
  const { namespace, seenTick } = run;
  if (now !== undefined && namespace !== undefined && namespace !== pidNamespace())
    return runsElsewhere(run, Math.max(0, now - seenTick!));
  const { swarm, pid, state = "running", stopAskedAt = null } = run;
  if (isGoingDown({ state, stopAskedAt }))
    return new SkepError("E_RUNNING", `the swarm ${swarm} is going down, under process ${pid}`, {
      hint: "Wait until it is down: skep down waits for that. Then skep up starts it again.",
    });
  return new SkepError("E_RUNNING", `the swarm ${swarm} runs here already, under process ${pid}`, {
    hint: "skep down stops it; another --home takes another swarm.",
  });
}

function runsElsewhere({ swarm, pid }: Pick<Run, "swarm" | "pid">, unheardMs: number): SkepError {
  const [ago, most, left] = [unheardMs, unseenMaxMs, Math.max(0, unseenMaxMs - unheardMs)].map(
    formatDuration,
  );
  return new SkepError(
    "E_RUNNING",
    `the swarm ${swarm} runs here already, under process ${pid} of another container or pid namespace, last heard of ${ago} ago`,
    {
      hint: `skep down stops it. If that container is gone, wait ${left}: after ${most} without a word it is taken for dead, and skep up and skep reap clean up after it.`,
    },
  );
}

/** Whether `run`, which has not stopped, was told to, or is about it. */
export function isGoingDown({ state, stopAskedAt }: Pick<Run, "state" | "stopAskedAt">): boolean {
  return state === "stopping" || stopAskedAt !== null;
}

/** The run that has not stopped, or undefined when there is none. */
export async function findOpenRun(tx: ReadTx): Promise<Run | undefined> {
  return await tx.get<Run>(`select ${columns} from runs where state != 'stopped'`);
}

/** The newest run, open or not; undefined before the first `up`. */
export async function findLastRun(tx: ReadTx): Promise<Run | undefined> {
  return await tx.get<Run>(`select ${columns} from runs order by id desc limit 1`);
}

/** How many agents some groups had in the newest run, where that was not what its file says. */
export async function countsOfLastRun(tx: ReadTx): Promise<Record<string, number>> {
  const run = await findLastRun(tx);
  return JSON.parse(run?.counts ?? "{}") as Record<string, number>;
}

/** The run `id`; undefined when there never was one. */
export async function findRun(tx: ReadTx, id: number): Promise<Run | undefined> {
  return await tx.get<Run>(`select ${columns} from runs where id = $id`, { id });
}

/** Whether the process ids of `run` mean something here: they are of this boot and of this pid namespace. */
export function isOfHere(run: Pick<Run, "boot" | "namespace">, boot: string): boolean {
  return run.boot === boot && run.namespace === pidNamespace();
}

/** Whether the supervisor of `run` is alive: that very process; or, where it cannot be looked for, one that was heard of lately. */
export function isSupervised(run: Run, boot: string, tick: number): boolean {
  if (run.boot !== boot) return false;
  return isOfHere(run, boot) ? isAlive(run) : tick - run.seenTick < unseenMaxMs;
}

/** The guardian of `run`, which starts its supervisor again; undefined when none is alive. */
export function guardianOf(run: Run, boot: string): ProcessIdentity | undefined {
  if (run.guardianPid === null || !isOfHere(run, boot)) return undefined;
  const state = processState(run.guardianPid);
  // It was there before the supervisor that it started: one of its number that is younger is somebody else.
  if (state === undefined || state.state === "Z" || state.startTime > run.startTime)
    return undefined;
  return { pid: state.pid, startTime: state.startTime };
}

/** Whether the supervisor of `run` is stopped, and so does nothing at all until it is continued. */
export function isHalted(run: Run, boot: string): boolean {
  return isOfHere(run, boot) && isAlive(run) && /^[Tt]$/.test(processState(run.pid)?.state ?? "");
}

/** Throws E_RUNNING when `run` is not open any more: somebody took this supervisor for dead, and whatever it would write is not its to write. */
export async function checkFence(tx: ReadTx, run: number): Promise<void> {
  if (
    (await tx.get("select 1 from runs where id = $run and state != 'stopped'", { run })) !==
    undefined
  )
    return;
  throw new SkepError("E_RUNNING", `run ${run} was ended by somebody else`, {
    hint: "skep status says what runs here now.",
  });
}

/** Notes that the supervisor of `run` is there. */
export async function noteSeen(tx: WriteTx, run: number): Promise<void> {
  await tx.run("update runs set seen_tick = $tick where id = $run", { run, tick: tx.tick });
}

/** Notes how many agents each group has in `run`, where that is not what its file says. */
export async function noteCounts(
  tx: WriteTx,
  run: number,
  counts: Readonly<Record<string, number>>,
): Promise<void> {
  await tx.run("update runs set counts = $counts where id = $run", {
    run,
    counts: JSON.stringify(counts),
  });
}

/** Notes that somebody wants `run` to stop, giving its agents `timeoutMs` to finish: whether it has yet to be told. */
export async function askToStop(tx: WriteTx, run: number, timeoutMs: number): Promise<boolean> {
  const { changes } = await tx.run(
    `update runs set stop_asked_at = $now, stop_timeout_ms = $timeoutMs
      where id = $run and state = 'running' and stop_asked_at is null`,
    { run, timeoutMs, now: tx.now },
  );
  return changes === 1;
}

/** Notes that `run` has begun to stop. */
export async function noteStopping(tx: WriteTx, run: number): Promise<void> {
  await tx.run("update runs set state = 'stopping' where id = $run and state = 'running'", { run });
}

/** Notes that `run` has stopped, with its closing summary. */
export async function closeRun(tx: WriteTx, run: number, summary: string): Promise<void> {
  await tx.run(
    "update runs set state = 'stopped', ended_at = $now, summary = $summary where id = $run",
    {
      run,
      summary,
      now: tx.now,
    },
  );
}
