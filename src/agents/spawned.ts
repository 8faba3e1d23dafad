// What starting a process takes and gives, whichever runtime does it.

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

export interface Spawned {
  pid: number;
  /** Resolves when the process has ended, whoever may still hold its pipes. */
  exited: Promise<Exit>;
  /** Resolves when its outputs have ended, and what came is handed over. */
  read: Promise<unknown>;
  /** Writes to its standard input: resolves when there is room for more. A program that no longer reads is no error. */
  write(bytes: Uint8Array | string): Promise<void>;
  /** Ends its standard input. */
  end(): void;
  /** Reads on from its standard output; harmless when nothing keeps it from that. */
  resume(): void;
}

/**
 * Starts a program in a group and a session of its own, and has its process id in `own` for as long as it runs. Rejects with the
 * system's own error when it cannot be started.
 */
export type Spawn = (launched: Launch | PlainLaunch, own: Set<number>) => Promise<Spawned>;
