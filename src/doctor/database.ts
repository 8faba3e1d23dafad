// The database of a home: whether it is whole, who has it open, and what an earlier run has left behind.
import { existsSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { isSkepError } from "../core/errors.ts";
import { formatDuration } from "../core/durations.ts";
import { busFile, vitalsFile } from "../store/files.ts";
import { type LockHolder, findLockers } from "../store/lock-holder.ts";
import type { Store } from "../store/store.ts";
import { type Finding, fail, pass, warn } from "./finding.ts";

/** What of an opened home is looked at. */
export interface Opened {
  store: Store;
  now(): number;
  lastRun(): Promise<LastRun | undefined>;
}

/** The newest run of a home, and whether its supervisor is alive. */
export interface LastRun {
  id: number;
  swarm: string;
  state: string;
  alive: boolean;
  /** Whether it is dead, and its guardian starts it again. */
  returns: boolean;
  startedAt: number;
}

// To read all of a larger one takes longer than anybody waits for a doctor.
const wholeBytesMax = 200 * 2 ** 20;

/** Looks at the databases of `home`, which `open` opens; one that is not there yet is as good as any. */
export async function checkDatabase(home: string, open: () => Promise<Opened>): Promise<Finding[]> {
  // Where messages were accepted there has to be one.
  const known = [busFile.name, busFile.markName!].some((name) => existsSync(join(home, name)));
  if (!known) return [pass("database", "there is none yet: the first command makes it")];
  const lockers = findLockers(pathsIn(home));
  try {
    const { store, now, lastRun } = await open();
    const whole =
      statSync(join(home, busFile.name)).size > wholeBytesMax
        ? pass("database", "it opens; it is too large to be read as a whole here")
        : judgeWhole(await problemsIn(store));
    return [whole, ...judgeLockers(lockers, isSkep), judgeRun(await lastRun(), now())];
  } catch (error) {
    if (!isSkepError(error)) throw error;
    return [
      fail("database", error.message, error.hint ?? "Name another home with --home."),
      ...judgeLockers(lockers, isSkep),
    ];
  }
}

/** What SQLite found wrong in the database; nothing when it is whole. */
export function judgeWhole(problems: readonly string[]): Finding {
  if (problems.length === 0) return pass("database", "it is whole");
  const more = problems.length - 1;
  return fail(
    "database",
    `it is damaged: ${problems[0]}${more > 0 ? `, and ${more} more` : ""}`,
    "Stop the swarm, keep a copy of the home, and save what can be read with sqlite3's .recover.",
  );
}

// Of a crowd the first few tell enough.
const namedMax = 5;

/** Who has the database open besides this process; `isOurs` says whether that is skep. */
export function judgeLockers(
  lockers: readonly LockHolder[],
  isOurs: (locker: LockHolder) => boolean,
): Finding[] {
  const ours = lockers.filter(isOurs);
  const open = ({ pid, command }: LockHolder) =>
    `process ${pid} (${command}) has the database open`;
  const stopped = ours
    .filter((one) => one.stopped)
    .map((one) =>
      warn("users", `${open(one)} and is stopped`, `Let it go on: kill -CONT ${one.pid}.`),
    );
  const foreign = lockers
    .filter((one) => !isOurs(one))
    .map((one) =>
      warn(
        "users",
        `${open(one)}, ${one.stopped ? "is stopped, " : ""}and is not skep`,
        one.stopped
          ? `Let it go on, kill -CONT ${one.pid}, and close it.`
          : "Close it when it has written what it wanted; who only looks does no harm.",
      ),
    );
  const findings = [...stopped, ...foreign].slice(0, namedMax);
  if (findings.length > 0) return findings;
  const count = ours.length;
  return [
    pass("users", count === 0 ? "nobody has it open" : `${count} processes of skep have it open`),
  ];
}

/** Whether `command` is one of skep: by what runs, and not by what it was given, for the home that somebody opens may well be called .skep. */
export function isSkep({ command }: Pick<LockHolder, "command">): boolean {
  // The program, or the script that a runtime was told to run: `deno run --allow-all skep.mjs`.
  const [program, ...given] = command.split(" ");
  const script = given.find((word) => word !== "run" && !word.startsWith("-")) ?? "";
  // An executable may be called by its version or its platform: skep-linux-x64.
  return [program!, script].some((word) => /^skep([-_.]\w[-\w.]*)?$/.test(basename(word)));
}

/** The newest run at `now` (ms since 1970); undefined when there was none. */
export function judgeRun(run: LastRun | undefined, now: number): Finding {
  if (run === undefined) return pass("last run", "no swarm was ever started here");
  const since = `run ${run.id} of ${run.swarm}, started ${formatDuration(now - run.startedAt)} ago`;
  if (run.state === "stopped") return pass("last run", `${since}, has stopped`);
  if (run.alive) return pass("last run", `${since}, is up`);
  if (run.returns) return pass("last run", `${since}, is about to go on`);
  return warn(
    "last run",
    `${since}, was left behind by a supervisor that is dead`,
    "skep reap ends it (or skep doctor --fix), and the next skep up goes on with its messages.",
  );
}

async function problemsIn(store: Store): Promise<string[]> {
  const query = "select quick_check as problem from pragma_quick_check";
  const rows = await store.read((tx) => tx.all<{ problem: string }>(query));
  // A problem may be a whole page of them, below a line that only says where.
  return rows
    .flatMap(({ problem }) => problem.split("\n"))
    .filter((problem) => problem !== "ok" && !problem.startsWith("***"));
}

function pathsIn(home: string): string[] {
  return [busFile, vitalsFile].flatMap(({ name, lockName }) =>
    [name, `${name}-shm`, lockName].map((file) => join(home, file)),
  );
}
