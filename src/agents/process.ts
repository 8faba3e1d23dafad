// One child process: in a group of its own, with both its pipes read, ended as a whole.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import type { Writable } from "node:stream";
import { sleep } from "../core/clock.ts";
import { SkepError } from "../core/errors.ts";
import { type ProcessIdentity, isAlive, processState } from "../core/identity.ts";
import { needFileRoom } from "./file-room.ts";

export interface Launch {
  /** The program and its arguments. */
  command: readonly string[];
  cwd: string;
  /** The whole environment; nothing else gets in. */
  env: Record<string, string>;
  /** Called with each piece of output as it comes. After `false` the rest is left unread until `resume`. */
  onStdout(chunk: Uint8Array): boolean | void;
  onStderr(chunk: Uint8Array): void;
}

/** A program whose output goes where ours does. */
export type PlainLaunch = Pick<Launch, "command" | "cwd" | "env"> & { output: "inherit" };

/** How a process ended. */
export interface Exit {
  /** Its exit status; null when a signal ended it. */
  code: number | null;
  signal: string | null;
}

export interface Child extends ProcessIdentity {
  /** Resolves when the process has ended, whoever may still hold its pipes. */
  exited: Promise<Exit>;
  /** Resolves when it has ended and what it wrote is read; a child of its own that kept a pipe puts that off only for a moment. */
  finished: Promise<Exit>;
  /** Writes to its standard input: resolves when there is room for more. A program that no longer reads is no error. */
  write(bytes: Uint8Array | string): Promise<void>;
  /** Ends its standard input. */
  end(): void;
  /** Reads on from its standard output; harmless when nothing keeps it from that. */
  resume(): void;
}

/** The children of this process that run. Whoever starts one notes it here, until it has heard of its end. */
export const ownChildren = new Set<number>();

// How long output may go on coming after the process has ended.
const leftoverMs = 500;

/** Starts a program in a process group of its own. E_FAILED when it cannot be started. */
export async function launch(launched: Launch | PlainLaunch): Promise<Child> {
  const { command, cwd, env } = launched;
  const output = "output" in launched ? "inherit" : "pipe";
  const { child, exited, closed } = await start(command, cwd, env, output);
  if (!("output" in launched)) {
    child.stdout!.on("data", (chunk) => {
      if (launched.onStdout(chunk) === false) child.stdout!.pause();
    });
    child.stderr!.on("data", (chunk) => launched.onStderr(chunk));
  }
  const pid = child.pid!;
  return {
    pid,
    startTime: processState(pid)?.startTime ?? 0,
    exited,
    finished: untilRead(exited, closed),
    write: (bytes) => writeTo(child.stdin!, bytes),
    end: () => void child.stdin!.end(),
    resume: () => void child.stdout?.resume(),
  };
}

/** Resolves when a process has `exited` and its output is at its end; a child of its own that kept it open puts that off only for a moment. */
export async function untilRead(exited: Promise<Exit>, closed: Promise<void>): Promise<Exit> {
  const exit = await exited;
  const waited = new AbortController();
  await Promise.race([closed, sleep(leftoverMs, waited.signal)]);
  waited.abort();
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
  await Promise.race([leader.exited, sleep(graceMs, waited.signal)]);
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

/** The process once it runs. Some failures are thrown by the call, others told later. */
async function start(
  command: readonly string[],
  cwd: string,
  env: Record<string, string>,
  output: "pipe" | "inherit",
) {
  const [program, ...args] = command;
  try {
    // A spawn that runs out of files halfway has started what nobody knows of.
    needFileRoom();
    const child = spawn(program!, args, {
      cwd,
      env,
      detached: true,
      stdio: ["pipe", output, output],
    });
    if (child.pid !== undefined) ownChildren.add(child.pid);
    const exited = new Promise<Exit>((resolve) =>
      child.once("exit", (code, signal) => {
        ownChildren.delete(child.pid!);
        resolve({ code, signal });
      }),
    );
    const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
    // Any number of writes may wait for room at once.
    child.stdin?.setMaxListeners(0);
    // A program may end or close its input while we write; its exit says what there is to say. One that cannot be
    // started, for want of files, has no pipes at all.
    for (const pipe of [child.stdin, child.stdout, child.stderr]) pipe?.on("error", () => {});
    await new Promise<void>((resolve, reject) => {
      child.once("spawn", resolve);
      child.once("error", reject);
    });
    return { child, exited, closed };
  } catch (error) {
    throw cannotStart(program!, cwd, error);
  }
}

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

function writeTo(stdin: Writable, bytes: Uint8Array | string): Promise<void> {
  if (stdin.destroyed || !stdin.writable) return Promise.resolve();
  return new Promise((resolve) => {
    if (stdin.write(bytes)) return resolve();
    const done = () => {
      stdin.off("drain", done);
      stdin.off("close", done);
      resolve();
    };
    stdin.once("drain", done);
    stdin.once("close", done);
  });
}
