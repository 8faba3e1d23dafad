// The doctor: every check there is, in the order in which one would ask, none of which changes anything for good.
import type { Driver } from "../store/driver.ts";
import { nearestExisting } from "../store/filesystem.ts";
import { type Opened, checkDatabase } from "./database.ts";
import { checkEngine } from "./engine.ts";
import { type Finding, fail } from "./finding.ts";
import { checkHome } from "./home.ts";
import { checkLimits } from "./limits.ts";
import { checkLocking } from "./locking.ts";
import { checkDisk, checkFilesystem, checkRoom } from "./place.ts";
import { checkShell } from "./shell.ts";
import { checkClock, checkLoopback, checkSystem, judgeTerminal } from "./surroundings.ts";
import { makeTrialDirectory, removeTrialDirectory } from "./trial-directory.ts";

export interface Patient {
  /** Where the home is, or would be made. */
  home: string;
  /** How many agents there are to be. */
  agents: number;
  driver: Driver;
  /** What tries a database whose path comes after it, in a process of its own. */
  trier: readonly string[];
  /** The environment of the programs that are called. */
  env: Record<string, string>;
  terminal: { isTerminal: boolean; columns: number | undefined };
  /** Opens the home, when there is a database in it. */
  open(): Promise<Opened>;
}

/** Examines the machine and the home: what was found, check by check. */
export async function examine(patient: Patient): Promise<Finding[]> {
  const { home, agents, driver, env, terminal, open } = patient;
  const place = nearestExisting(home);
  const own = checkHome(home);
  // Nothing is tried in what is not ours.
  const isOurs = own.verdict !== "fail";
  const [here, loopback, clock, shell] = await Promise.all([
    isOurs ? checkHere(place, patient) : [],
    checkLoopback(),
    checkClock(),
    checkShell(env),
  ]);
  return [
    checkEngine(driver),
    checkFilesystem(place),
    own,
    ...here,
    ...checkRoom(place),
    ...checkLimits(agents),
    loopback,
    clock,
    ...checkSystem(),
    judgeTerminal(terminal.isTerminal, terminal.columns),
    shell,
    ...(isOurs ? await checkDatabase(home, open) : []),
  ];
}

/** What can only be tried: in a directory beside the home, on the same disk, that goes again. */
async function checkHere(place: string, { driver, trier, env }: Patient): Promise<Finding[]> {
  let directory: string;
  try {
    directory = makeTrialDirectory(place);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const fix = `Make ${place} writable, or name another home with --home.`;
    return [fail("home", `nothing can be written in ${place} (${code})`, fix)];
  }
  try {
    return [...(await checkLocking(directory, driver, trier, env)), checkDisk(directory)];
  } finally {
    removeTrialDirectory(directory);
  }
}
