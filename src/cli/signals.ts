// What SIGINT, SIGTERM and SIGHUP (its terminal is gone) mean to a command: the first asks it to end, the second not to wait, the third ends it.
import { readProc } from "../core/proc.ts";

export interface Signals {
  /** Aborts at the first signal. */
  readonly signal: AbortSignal;
  /** Aborts at the second. Unless a command asks for this, the second signal ends it at once. */
  readonly urgent: AbortSignal;
  /** 129, 130 or 143 once a signal came, undefined before. */
  readonly status: number | undefined;
}

const numbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

/**
 * The signals of this process. Nothing is caught until somebody asks for `signal` or `urgent`: until then the kernel
 * ends the process, which is as good and costs nothing. `leave` ends it when it has been asked often enough.
 */
export function openSignals(leave: (status: number) => void): Signals {
  const first = new AbortController();
  const second = new AbortController();
  let listening = false;
  let patient = false;
  let status: number | undefined;

  const listen = () => {
    if (listening) return;
    listening = true;
    for (const [name, number] of Object.entries(numbers)) {
      if (name === "SIGHUP" && hangupIsIgnored()) continue;
      process.on(name, () => {
        if (!first.signal.aborted) {
          status = 128 + number;
          first.abort();
        } else if (patient && !second.signal.aborted) second.abort();
        else leave(status!);
      });
    }
  };

  return {
    get signal() {
      listen();
      return first.signal;
    },
    get urgent() {
      listen();
      patient = true;
      return second.signal;
    },
    get status() {
      return status;
    },
  };
}

/** Whether this process was started by nohup, or as it does it: then it is to outlive its terminal, and to listen would end that. */
function hangupIsIgnored(): boolean {
  try {
    const mask = /^SigIgn:\s*([0-9a-f]+)$/m.exec(readProc("self/status"))?.[1];
    return (BigInt(`0x${mask ?? "0"}`) & 1n) === 1n;
  } catch {
    // Without a /proc nobody can say, and most are not.
    return false;
  }
}
