// Starting a host: another process of this very executable, which agents are handed to through a pipe.
import { splitLines } from "../core/lines.ts";
import type { ProcessIdentity } from "../core/identity.ts";
import { fewThreads } from "./executable.ts";
import { type Order, type Report, lineOf, reportOf } from "./host-line.ts";
import type { Turning } from "./hung.ts";
import { launch } from "./process.ts";
import type { Exit } from "./spawned.ts";

/** What the environment of a host tells its runtime, which is made for programs that have the machine to themselves. */
export const hostRuntime = {
  // Left alone it compiles whatever ran 500 times, and with many hosts on a few cores the compiling takes longer
  // than the work: 60 of them answer a broadcast in 70 ms then, and in 45 this way.
  BUN_JSC_thresholdForJITAfterWarmUp: "5000",
  // Left alone it looks for garbage every second, which is most of what an idle host takes: 100 of them 11 % of a
  // core, and 6 % this way. What allocates much is collected all the same.
  BUN_GC_TIMER_INTERVAL: "10000",
  // Left alone it gives back every free page before it waits for the next message, and takes them anew with it: 100
  // hosts take a fifth less processor time for a message without that and without its thread, and 0.6 to 0.8 MB more
  // each once they have worked. What a large message took goes back all the same.
  MIMALLOC_PURGE_HOLES: "0",
  ...fewThreads,
};

/**
 * What the host of a single program is told besides, for it hands messages on and keeps none: to keep its heap small, and
 * not to warm up for what is to come. With 708 of them each takes 5.7 MB instead of 6.5, and 28 ms of processor time
 * instead of 42 until it works.
 */
export const smallHeap = { BUN_JSC_forceMiniVMMode: "1" };

export interface HostProcess extends ProcessIdentity {
  /** Whom it hosts, for whoever looks at the list of processes. */
  readonly label: string;
  /** The agents that it was handed and that have not ended. */
  readonly agents: Set<string>;
  /** When it last said anything; null before it did. */
  heardTick: number | null;
  /** How it seemed at the last look, where somebody looks whether it hangs. */
  turning: Turning | undefined;
  /** Why it was ended, where it did not end by itself. */
  fault: string | undefined;
  exited: Promise<Exit>;
  /** Resolves when it has ended and what it said is read. */
  finished: Promise<Exit>;
  tell(order: Order): void;
  /** Has it end once its agents have. */
  end(): void;
}

// A line holds the reason for an end at most.
const lineBytesMax = 1024 * 1024;

/** Starts a host without agents. E_FAILED when it cannot be started. */
export async function startHost(options: {
  /** What starts skep. */
  skep: readonly string[];
  home: string;
  label: string;
  cwd: string;
  env: Record<string, string>;
  onReport(report: Report): void;
  /** Hears what the host itself has to say. */
  onSaid(text: string): void;
}): Promise<HostProcess> {
  const { skep, home, label, cwd, env, onReport, onSaid } = options;
  const lines = splitLines(lineBytesMax, (line) => {
    const report = reportOf(line);
    if (report !== undefined) onReport(report);
    else if (line !== undefined) onSaid(line);
  });
  const host = await launch({
    command: [...skep, "host", label, "--home", home],
    cwd,
    env,
    onStdout: (chunk) => lines.add(chunk),
    onStderr: (chunk) => onSaid(Buffer.from(chunk).toString("utf8")),
  });
  const { pid, startTime, exited, finished } = host;
  return {
    pid,
    startTime,
    label,
    agents: new Set(),
    heardTick: null,
    turning: undefined,
    fault: undefined,
    exited,
    finished,
    // Assignments go through the pipe, so that no argument list shows them. It stays open: its end tells the host that
    // its supervisor is gone.
    tell: (order) => void host.write(lineOf(order)),
    end: () => host.end(),
  };
}
