// Starting a process with Bun's own means. Node's would load its streams first, which takes a host as long as all else
// it loads (7 of 38 ms, and 2 of 7.5 MB).
import type { Spawn } from "./spawned.ts";

/** As `Spawn` says. */
export const spawnWithBun: Spawn = async (launched, own) => {
  const { command, cwd, env } = launched;
  const heard = "output" in launched ? undefined : launched;
  const output = heard === undefined ? "inherit" : "pipe";
  const child = Bun.spawn([...command], {
    cwd,
    env,
    detached: true,
    stdin: "pipe",
    stdout: output,
    stderr: output,
  });
  const { pid } = child;
  own.add(pid);
  let resume = () => {};
  const resumed = () => new Promise<void>((resolve) => (resume = resolve));
  const outputs =
    heard === undefined
      ? []
      : [
          readAll(child.stdout!, async (chunk) => {
            if (heard.onStdout(chunk) === false) await resumed();
          }),
          readAll(child.stderr!, (chunk) => heard.onStderr(chunk)),
        ];
  let flushing: Promise<void> | undefined;
  return {
    pid,
    exited: child.exited.then(() => {
      own.delete(pid);
      const { exitCode: code, signalCode } = child;
      return { code, signal: signalCode === null ? null : String(signalCode) };
    }),
    read: Promise.all(outputs),
    write(bytes) {
      ignored(() => child.stdin.write(bytes));
      // What is written in the same breath goes out together.
      flushing ??= Promise.resolve().then(() => {
        flushing = undefined;
        return ignored(() => child.stdin.flush());
      });
      return flushing;
    },
    end: () => void ignored(() => child.stdin.end()),
    resume: () => resume(),
  };
};

async function readAll(
  output: ReadableStream<Uint8Array>,
  hear: (chunk: Uint8Array) => Promise<void> | void,
): Promise<void> {
  // Not before whoever started it has it in hand.
  await new Promise((resolve) => setImmediate(resolve));
  for await (const chunk of output) await hear(chunk);
}

/** Does `work` and waits for it. A program may end or close its input while we write; its exit says what there is to say. */
async function ignored(work: () => unknown): Promise<void> {
  try {
    await work();
  } catch {
    // As above.
  }
}
