// A child process on a terminal of its own: what it prints comes through it, and what is typed goes in.
import { SkepError } from "../core/errors.ts";
import { processState } from "../core/identity.ts";
import { type Child, cannotStart, ownChildren, untilRead } from "./process.ts";
import type { Exit, Launch } from "./spawned.ts";

export interface WindowSize {
  columns: number;
  rows: number;
}

/** What a terminal has that nobody looks at. */
export const usualSize: WindowSize = { columns: 80, rows: 24 };

export interface TerminalLaunch extends Pick<Launch, "command" | "cwd" | "env"> {
  /** Called with each piece of output as it comes. */
  onOutput(chunk: Uint8Array): void;
}

export interface TerminalChild extends Pick<Child, "pid" | "startTime" | "exited" | "finished"> {
  /** Types `bytes`: resolves when there is room for more. A program that does not read any more is no error. */
  write(bytes: Uint8Array): Promise<void>;
  resize(size: WindowSize): void;
}

/** Starts a program in a session of its own, on a new terminal. E_FAILED when it cannot be started. */
export function launchOnTerminal(launched: TerminalLaunch): TerminalChild {
  const { command, cwd, env, onOutput } = launched;
  const [program] = command;
  if (process.versions.bun === undefined)
    throw new SkepError("E_FAILED", `${program} cannot get a terminal under this runtime`, {
      hint: "The executable can do it, and so can Bun.",
    });
  const closed = Promise.withResolvers<void>();
  const waiting: (() => void)[] = [];
  const goOn = () => {
    for (const resume of waiting.splice(0)) resume();
  };
  let child: Bun.Subprocess;
  try {
    child = Bun.spawn([...command], {
      cwd,
      env,
      terminal: {
        cols: usualSize.columns,
        rows: usualSize.rows,
        data: (_, chunk) => onOutput(chunk),
        exit: () => closed.resolve(),
        drain: goOn,
      },
    });
  } catch (error) {
    throw cannotStart(program!, cwd, error);
  }
  const { pid } = child;
  const terminal = child.terminal!;
  ownChildren.add(pid);
  const exited = child.exited.then((): Exit => {
    ownChildren.delete(pid);
    goOn();
    return { code: child.exitCode, signal: child.signalCode as string | null };
  });
  const finished = untilRead(exited, closed.promise);
  // Whoever still has it open is told that nobody sits there any more.
  void finished.then(() => terminal.close());
  return {
    pid,
    startTime: processState(pid)?.startTime ?? 0,
    exited,
    finished,
    write(bytes) {
      if (terminal.closed || bytes.length === 0 || !ownChildren.has(pid)) return Promise.resolve();
      return new Promise((resolve) => {
        waiting.push(resolve);
        terminal.write(bytes);
      });
    },
    resize({ columns, rows }) {
      if (!terminal.closed) terminal.resize(columns, rows);
    },
  };
}
