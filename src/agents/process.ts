// One child process: in a group of its own, with both its pipes read, ended as a whole.
import { type ChildProcess, spawn } from "node:child_process";
import { sleep } from "../core/clock.ts";
import { SkepError } from "../core/errors.ts";
import { type ProcessIdentity, isAlive, processState } from "../core/identity.ts";

export interface Launch {
  /** The program and its arguments. */
  command: readonly string[];
  cwd: string;
  /** The whole environment; nothing else gets in. */
  env: Record<string, string>;
  /** Called with each piece of output as it comes. */
  onStdout(chunk: Uint8Array): void;
  onStderr(chunk: Uint8Array): void;
}

/** How a process ended. */
export interface Exit {
  /** Its exit status; null when a signal ended it. */
  code: number | null;
  signal: string | null;
}

export interface Child extends ProcessIdentity {
  /** Resolves when the process has ended, whoever may still hold its pipes. */
  exited: Promise<Exit>;
  /** Resolves when both pipes are at their end, which a grandchild can put off for ever. */
  closed: Promise<void>;
  /** Writes to its standard input: resolves when there is room for more. A program that no longer reads is no error. */
  write(bytes: Uint8Array | string): Promise<void>;
  /** Ends its standard input. */
  end(): void;
}

/** Starts a program in a process group of its own. E_FAILED when it cannot be started. */
export async function launch({ command, cwd, env, onStdout, onStderr }: Launch): Promise<Child> {
  const [program, ...args] = command;
  const child = spawn(program!, args, {
    cwd,
    env,
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
  });
  const exited = new Promise<Exit>((resolve) =>
    child.once("exit", (code, signal) => resolve({ code, signal })),
  );
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
  child.stdout.on("data", onStdout);
  child.stderr.on("data", onStderr);
  // A program may end or close its input while we write; its exit says what there is to say.
  child.stdin.on("error", () => {});
  child.stdout.on("error", () => {});
  child.stderr.on("error", () => {});
  await started(child, program!, cwd);
  const pid = child.pid!;
  return {
    pid,
    startTime: processState(pid)?.startTime ?? 0,
    exited,
    closed,
    write: (bytes) => writeTo(child, bytes),
    end: () => void child.stdin.end(),
  };
}

/** Sends `signal` to the group that `leader` leads, if that very process is still there to lead it: whether it was sent. */
export function signalGroup(leader: ProcessIdentity, signal: NodeJS.Signals): boolean {
  const state = processState(leader.pid);
  // Once the leader is reaped its number may be given to a stranger. Its own zombie still keeps the number.
  if (process.platform === "linux" && state?.startTime !== leader.startTime) return false;
  return kill(-leader.pid, signal);
}

/** Ends the group of `leader`: SIGTERM, then SIGKILL after `graceMs` or when `urgent` aborts. Resolves when the leader is gone. */
export async function stopGroup(
  leader: ProcessIdentity & { exited: Promise<unknown> },
  graceMs: number,
  urgent?: AbortSignal,
): Promise<void> {
  signalGroup(leader, "SIGTERM");
  // A stopped process hears nothing until it is continued.
  signalGroup(leader, "SIGCONT");
  const grace = new AbortController();
  const cut = urgent === undefined ? grace.signal : AbortSignal.any([grace.signal, urgent]);
  await Promise.race([leader.exited, sleep(graceMs, cut)]);
  grace.abort();
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

function started(child: ChildProcess, program: string, cwd: string): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", (error: NodeJS.ErrnoException) =>
      reject(
        new SkepError("E_FAILED", `${program} cannot be started (${error.code ?? error.message})`, {
          hint: `It was looked for from ${cwd} and on the PATH of the agent's environment.`,
          cause: error,
        }),
      ),
    );
  });
}

function writeTo(child: ChildProcess, bytes: Uint8Array | string): Promise<void> {
  const stdin = child.stdin!;
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
