// Starting a process with Node's own means, which Deno has as well.
import { spawn } from "node:child_process";
import type { Writable } from "node:stream";
import type { Exit, Spawn, Spawned } from "./spawned.ts";

/** As `Spawn` says. */
export const spawnWithNode: Spawn = async (launched, own) => {
  const [program, ...args] = launched.command;
  const { cwd, env } = launched;
  const output = "output" in launched ? "inherit" : "pipe";
  const stdio = ["pipe", output, output] as const;
  // Some failures are thrown by the call, others told later.
  const child = spawn(program!, args, { cwd, env, detached: true, stdio: [...stdio] });
  const pid = child.pid!;
  if (child.pid !== undefined) own.add(pid);
  const exited = new Promise<Exit>((resolve) =>
    child.once("exit", (code, signal) => {
      own.delete(pid);
      resolve({ code, signal });
    }),
  );
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
  // A program may end or close its input while we write; its exit says what there is to say.
  for (const pipe of [child.stdin, child.stdout, child.stderr]) pipe?.on("error", () => {});
  await new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", reject);
  });
  if (!("output" in launched)) {
    child.stdout!.on("data", (chunk) => {
      if (launched.onStdout(chunk) === false) child.stdout!.pause();
    });
    child.stderr!.on("data", (chunk) => launched.onStderr(chunk));
  }
  const write = writerTo(child.stdin!);
  return {
    pid,
    exited,
    read: closed,
    write,
    end: () => void child.stdin!.end(),
    resume: () => void child.stdout?.resume(),
  };
};

function writerTo(stdin: Writable): Spawned["write"] {
  let room: Promise<void> | undefined;
  return (bytes) => {
    if (stdin.destroyed || !stdin.writable) return Promise.resolve();
    if (stdin.write(bytes)) return Promise.resolve();
    // However many write meanwhile, all of them wait for the same.
    room ??= new Promise<void>((resolve) => {
      const done = () => {
        stdin.off("drain", done);
        stdin.off("close", done);
        room = undefined;
        resolve();
      };
      stdin.once("drain", done);
      stdin.once("close", done);
    });
    return room;
  };
}
