// The runs table: one row per `up`, open until its supervisor has stopped.
import { SkepError } from "../core/errors.ts";
import { type ProcessIdentity, isAlive } from "../core/identity.ts";
import type { ReadTx, WriteTx } from "../store/store.ts";

export interface Run extends ProcessIdentity {
  id: number;
  swarm: string;
  file: string;
  /** SKEP_RUN in the environment of all that it started. */
  mark: string;
  state: "running" | "stopping" | "stopped";
  boot: string;
  startedAt: number;
  stopAskedAt: number | null;
  stopTimeoutMs: number | null;
  endedAt: number | null;
  /** JSON; null until it has stopped. */
  summary: string | null;
}

const columns = `id, swarm, file, mark, state, boot, pid, start_time as startTime, started_at as startedAt,
  stop_asked_at as stopAskedAt, stop_timeout_ms as stopTimeoutMs, ended_at as endedAt, summary`;

/** Opens a run under the supervisor that is described with it: its id. E_RUNNING when one is open. */
export async function openRun(
  tx: WriteTx,
  run: Pick<Run, "swarm" | "file" | "mark" | "boot" | "pid" | "startTime">,
): Promise<number> {
  const open = await findOpenRun(tx);
  if (open !== undefined) throw runsAlready(open);
  const { swarm, file, mark, boot, pid, startTime } = run;
  const { lastId } = await tx.run(
    `insert into runs (swarm, file, mark, state, boot, pid, start_time, started_at)
     values ($swarm, $file, $mark, 'running', $boot, $pid, $startTime, $now)`,
    { swarm, file, mark, boot, pid, startTime, now: tx.now },
  );
  return lastId;
}

/** The error for whoever would start a second swarm beside `run`. */
export function runsAlready({ swarm, pid }: Pick<Run, "swarm" | "pid">): SkepError {
  return new SkepError("E_RUNNING", `the swarm ${swarm} runs here already, under process ${pid}`, {
    hint: "skep down stops it; another --home takes another swarm.",
  });
}

/** The run that has not stopped, or undefined when there is none. */
export async function findOpenRun(tx: ReadTx): Promise<Run | undefined> {
  return await tx.get<Run>(`select ${columns} from runs where state != 'stopped'`);
}

/** The newest run, open or not; undefined before the first `up`. */
export async function findLastRun(tx: ReadTx): Promise<Run | undefined> {
  return await tx.get<Run>(`select ${columns} from runs order by id desc limit 1`);
}

/** The run `id`; undefined when there never was one. */
export async function findRun(tx: ReadTx, id: number): Promise<Run | undefined> {
  return await tx.get<Run>(`select ${columns} from runs where id = $id`, { id });
}

/** Whether the supervisor of `run` is alive: that very process, in this very boot. */
export function isSupervised(run: Run, boot: string): boolean {
  return run.boot === boot && isAlive(run);
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
