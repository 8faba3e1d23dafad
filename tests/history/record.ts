// Recording: each event is one write to the client's own file, so that a kill takes one line at most.
import { appendFileSync, constants, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { isSkepError } from "../../src/core/errors.ts";
import { libc } from "../../src/core/libc.ts";
import type { Args, Event, Result } from "./event.ts";

/** How a call ended, as its client knows it. */
export interface Outcome {
  type: "ok" | "fail" | "info";
  result: Result;
}

export interface Recorder {
  /** Records the invocation, does `work`, and records how it ended; never rejects. */
  call(op: string, args: Args, work: () => Promise<Result>): Promise<Outcome>;
}

/** What ends a call of which nobody knows whether it was done, with what is known of it. */
export class Unknown extends Error {
  readonly result: Result;
  constructor(result: Result) {
    super(result.message ?? "killed");
    this.result = result;
  }
}

/** The file below `folder` that a client records in. */
export function recordPath(folder: string, client: string): string {
  return join(folder, `${client}.jsonl`);
}

/** The recorder of `client`, which nobody else writes for. */
export function openRecorder(folder: string, client: string): Recorder {
  const { O_WRONLY, O_CREAT, O_APPEND } = constants;
  const fd = openSync(recordPath(folder, client), O_WRONLY | O_CREAT | O_APPEND, 0o600);
  let n = 0;
  const write = (event: Omit<Event, "client" | "t">) =>
    writeSync(fd, lineOf({ client, t: nowMs(), ...event }));
  return {
    async call(op, args, work) {
      const call = { n: ++n, op };
      write({ ...call, type: "invoke", args });
      const outcome = await outcomeOf(work);
      write({ ...call, ...outcome });
      return outcome;
    },
  };
}

/** Records that something was done to `clients`. */
export function recordFault(folder: string, op: string, clients: string[]): void {
  const event: Event = { client: "faults", n: 0, t: nowMs(), type: "fault", op, args: { clients } };
  appendFileSync(recordPath(folder, "faults"), lineOf(event));
}

/** The events of one record; what a kill has left of a last line is none. */
export function readRecord(path: string): Event[] {
  const lines = readFileSync(path, "utf8").split("\n");
  lines.pop();
  return lines.map((line) => JSON.parse(line) as Event);
}

/** The machine's monotonic clock, in milliseconds with fractions. */
export function nowMs(): number {
  return libc()!.monotonicMs();
}

async function outcomeOf(work: () => Promise<Result>): Promise<Outcome> {
  try {
    return { type: "ok", result: await work() };
  } catch (error) {
    if (error instanceof Unknown) return { type: "info", result: error.result };
    const { message } = error as Error;
    if (isSkepError(error)) return { type: "fail", result: { code: error.code, message } };
    return { type: "info", result: { code: "fault", message } };
  }
}

function lineOf(event: Event): string {
  return `${JSON.stringify(event)}\n`;
}
