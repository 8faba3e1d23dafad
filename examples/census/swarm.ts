// The swarm as seen from outside: started with `skep up`, asked with `skep … --json`, ended with `skep down`.
import { openSync, readdirSync, readFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";

export interface SwarmOptions {
  /** The skep executable. */
  skep: string;
  /** Undefined: what skep finds from `checkout`. */
  home: string | undefined;
  checkout: string;
  /** Names this census; every process of the swarm has it in its environment as CENSUS_RUN. */
  run: string;
  directory: string;
  work: string;
}

// It is there for a skep that hangs; going down takes a while on a busy machine.
const askTimeoutMs = 180_000;

export type Row = Record<string, unknown>;

export interface Swarm {
  /** Signals the process of `skep up`: SIGTERM asks for a drain, SIGKILL is for when nothing else helps. */
  kill(signal: "SIGTERM" | "SIGKILL"): void;
  /** Resolves with the exit code of `skep up`. */
  readonly exited: Promise<number>;
  /** Null while `skep up` runs. */
  exitCode(): number | null;
}

/** Starts the hundred agents; what `skep up` says goes to `up.log` in the work directory. */
export function up(options: SwarmOptions, ackedBefore: number): Swarm {
  const log = openSync(join(options.work, "up.log"), "w");
  const child = Bun.spawn([options.skep, "up", join(import.meta.dir, "swarm.toml")], {
    cwd: options.checkout,
    env: {
      ...environment(options),
      CENSUS_RUN: options.run,
      CENSUS_DIR: options.directory,
      CENSUS_WORK: options.work,
      CENSUS_ACKED_BEFORE: String(ackedBefore),
    },
    stdin: "ignore",
    stdout: log,
    stderr: log,
    // In a session of its own, so that Ctrl-C reaches the driver alone, which then ends the swarm in order.
    detached: true,
  });
  return {
    kill: (signal) => child.kill(signal),
    exited: child.exited,
    exitCode: () => child.exitCode,
  };
}

/** The JSON lines that a command of skep prints; none when it fails, most often because there is no home or no swarm. */
export async function ask(options: SwarmOptions, ...command: string[]): Promise<Row[]> {
  const child = Bun.spawn([options.skep, ...command, "--json"], {
    cwd: options.checkout,
    // Whoever has the lock may stand still for a while, too.
    env: { SKEP_STORE_BUSY_TIMEOUT: "1m", ...environment(options) },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "ignore",
    timeout: askTimeoutMs,
  });
  const lines = (await child.stdout.text()).split("\n").filter((line) => line !== "");
  return (await child.exited) === 0 ? lines.map((line) => JSON.parse(line)) : [];
}

export interface PiecesEnded {
  acked: number;
  dead: number;
}

/** How many deliveries of the inbox `pieces` ever ended, and how; zeros when `skep inboxes` shows no such inbox. */
export function piecesEnded(inboxes: Row[]): PiecesEnded {
  const row = inboxes.find(({ inbox }) => inbox === "pieces");
  return { acked: Number(row?.["acked"] ?? 0), dead: Number(row?.["dead"] ?? 0) };
}

/** Ends a census that an earlier driver left running in this home, for nobody waits for it any more: whether there was one. */
export async function endEarlier(options: SwarmOptions): Promise<boolean> {
  const run = (await ask(options, "status"))[0]?.["run"] as Row | null | undefined;
  const runs = run?.["alive"] === true && run["swarm"] === "census";
  if (runs) await ask(options, "down", "--timeout", "5s");
  return runs;
}

/** How many processes have this census in their environment; undefined where there is no /proc to tell. */
export function survivors(run: string): number | undefined {
  try {
    return readdirSync("/proc").filter((name) => /^\d+$/.test(name) && belongs(name, run)).length;
  } catch {
    return undefined;
  }
}

function belongs(pid: string, run: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(`CENSUS_RUN=${run}`);
  } catch {
    return false; // It has just ended, or is another user's.
  }
}

// The agents find `skep` first on their PATH, and this checkout's `bun` when there is no other.
function environment({ skep, home, checkout }: SwarmOptions): Record<string, string | undefined> {
  const path = [dirname(skep), process.env["PATH"], join(checkout, "node_modules", ".bin")];
  return {
    ...process.env,
    PATH: path.filter((part) => part !== undefined && part !== "").join(delimiter),
    ...(home === undefined ? {} : { SKEP_HOME: home }),
  };
}
