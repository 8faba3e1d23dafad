// One child process: in a group of its own, with both its pipes read, ended as a whole.
import { existsSync } from "node:fs";
import { sleepAwake } from "../core/clock.ts";
import { SkepError } from "../core/errors.ts";
import { type ProcessIdentity, isAlive, processState } from "../core/identity.ts";
import { needFileRoom } from "./file-room.ts";
import { spawnWithBun } from "./spawn-bun.ts";
import type { Exit, Launch, PlainLaunch, Spawn, Spawned } from "./spawned.ts";

export interface Child extends ProcessIdentity, Omit<Spawned, "read"> {
  /** Resolves when it has ended and what it wrote is read; a child of its own that kept a pipe puts that off only for a moment. */
  finished: Promise<Exit>;
}

/** The children of this process that run. Whoever starts one notes it here, until it has heard of its end. */
export const ownChildren = new Set<number>();

// How long output may go on coming after the process has ended.
const leftoverMs = 500;

/** Starts a program in a process group of its own. E_FAILED when it cannot be started. */
export async function launch(launched: Launch | PlainLaunch): Promise<Child> {
  const { read, ...child } = await start(launched);
  return {
    ...child,
    startTime: processState(child.pid)?.startTime ?? 0,
    finished: untilRead(child.exited, read),
  };
}

/** Resolves when a process has `exited` and its output is at its end; a child of its own that kept it open puts that off only for a moment. */
export async function untilRead(exited: Promise<Exit>, read: Promise<unknown>): Promise<Exit> {
  const exit = await exited;
  const waited = new AbortController();
  void read.then(() => waited.abort());
  // Whoever was put off itself meanwhile has the rest left to read what is there.
  await sleepAwake(leftoverMs, waited.signal);
  return exit;
}

/** The error for whoever wanted to start `program`, when the system answers with `error`. */
export function cannotStart(program: string, cwd: string, error: unknown): SkepError {
  return new SkepError("E_FAILED", `${program} cannot be started: ${whyNot(error, cwd)}`, {
    hint: hintFor(error),
    cause: error,
  });
}

/** Sends `signal` to the group that `leader` leads, if that very process is still there to lead it: whether it was sent. */
export function signalGroup(leader: ProcessIdentity, signal: NodeJS.Signals): boolean {
  const state = processState(leader.pid);
  // Once the leader is reaped its number may be given to a stranger. Its own zombie still keeps the number.
  if (process.platform === "linux" && state?.startTime !== leader.startTime) return false;
  return kill(-leader.pid, signal);
}

/** Ends the group of `leader`: SIGTERM, then SIGKILL after `graceMs`. Resolves when the leader is gone. */
export async function stopGroup(
  leader: ProcessIdentity & { exited: Promise<unknown> },
  graceMs: number,
): Promise<void> {
  signalGroup(leader, "SIGTERM");
  // A stopped process hears nothing until it is continued.
  signalGroup(leader, "SIGCONT");
  const waited = new AbortController();
  await Promise.race([leader.exited, sleepAwake(graceMs, waited.signal)]);
  waited.abort();
  signalGroup(leader, "SIGKILL");
  await leader.exited;
}

/** Sends `signal` to that very process, and to no other that may have its number now: whether it was sent. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  return isAlive(identity) && kill(identity.pid, signal);
}

/** How an exit reads in a sentence. */
export function describeExit({ code, signal }: Exit): string {
  return signal === null ? `exited with ${code}` : `was ended by ${signal}`;
}

function kill(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}

async function start(launched: Launch | PlainLaunch): Promise<Spawned> {
  const { command, cwd } = launched;
  try {
    // A spawn that runs out of files halfway has started what nobody knows of.
    needFileRoom();
    return await spawnHere(launched, ownChildren);
  } catch (error) {
    throw cannotStart(command[0]!, cwd, error);
  }
}

const spawnHere: Spawn = async (...given) => {
  if (process.versions.bun !== undefined) return await spawnWithBun(...given);
  const { spawnWithNode } = await import("./spawn-node.ts");
  return await spawnWithNode(...given);
};

const reasons: Record<string, string> = {
  ENOENT: "there is no such program, or no such interpreter",
  EACCES: "it may not be executed",
  ENOEXEC: "it is neither a program nor a script that begins with #!",
  E2BIG: "its arguments and environment are too long",
  EAGAIN: "there are too many processes (ulimit -u)",
  EMFILE: "too many files are open here (ulimit -n)",
  ENFILE: "too many files are open on this machine",
};

function whyNot(error: unknown, cwd: string): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (!existsSync(cwd)) return `there is no directory ${cwd}`;
  const reason = reasons[code ?? ""];
  return reason === undefined ? message : `${reason} (${code})`;
}

function hintFor(error: unknown): string | undefined {
  if ((error as NodeJS.ErrnoException).code !== "ENOENT") return undefined;
  return "A name without a slash is looked for on the PATH of the agent's environment.";
}
