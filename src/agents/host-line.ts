// What a supervisor and a host tell each other: one JSON object to a line, through the pipes between them.
import type { ProcessIdentity } from "../core/identity.ts";

/** What a supervisor tells a host. The end of the pipe says that there is no supervisor any more. */
export type Order =
  /** `assignment` is what the agent's runner needs to know (see hosts/runner.ts). */
  | { order: "start"; name: string; slot: number; assignment: unknown }
  /** Claim nothing more, finish what is in hand, end. */
  | { order: "stop"; name: string }
  | { order: "pause"; name: string }
  | { order: "unpause"; name: string }
  /** Let what it hosts go on to `level` percent; it holds for that long. */
  | { order: "hold"; level: number; forMs: number }
  /** End its program, which has not shown that it lives; `reason` says how long. */
  | { order: "kill"; name: string; reason: string };

/** How an agent ended, and why where there is something to say. */
export interface Ending {
  state: "stopped" | "failed";
  reason: string | null;
  /** Whether its program could not even be started. */
  unstarted?: true | undefined;
}

/** What a host tells its supervisor. */
export type Report =
  /** It hosts the agent now; `program` is the one that runs for as long as the agent does. */
  | { report: "started"; name: string; program: ProcessIdentity | null }
  /** The program of a single message has been at work for a while; null when it has ended. */
  | { report: "working"; name: string; program: ProcessIdentity | null }
  /** Messages reach its program: whoever waits for that may start. */
  | { report: "ready"; name: string }
  /** It claims nothing any more. */
  | { report: "paused"; name: string }
  | ({ report: "ended"; name: string } & Ending)
  /** All that it hosts is looked after. */
  | { report: "beat" };

/** `told` as a line, with its end. */
export function lineOf(told: Order | Report): string {
  return `${JSON.stringify(told)}\n`;
}

/** What `line` says; undefined when it is no line of ours, but something that a program wrote in between. */
export function reportOf(line: string | undefined): Report | undefined {
  return objectWith<Report>(line, "report");
}

/** The order on `line`; undefined when it is none. */
export function orderOf(line: string | undefined): Order | undefined {
  return objectWith<Order>(line, "order");
}

function objectWith<T>(line: string | undefined, key: "order" | "report"): T | undefined {
  if (line?.startsWith(`{"${key}":`) !== true) return undefined;
  try {
    return JSON.parse(line) as T;
  } catch {
    return undefined;
  }
}
