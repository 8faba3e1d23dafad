// The programs of tests/fixtures/store as processes, with what they have said so far.
import { after } from "node:test";
import { join } from "node:path";
import { waitUntil } from "../helpers/wait-until.ts";

export interface Program {
  readonly pid: number;
  /** Everything it has written on stdout. */
  said(): string;
  /** Resolves once it has said `text`; rejects after `timeoutMs`, or when `waitUntil` does. */
  says(text: string, timeoutMs?: number): Promise<void>;
  /** Its lines on stdout as JSON values; those that are not JSON are left out. */
  values<Value>(): Value[];
  kill(signal: NodeJS.Signals): void;
  /** Closes its stdin. */
  go(): void;
  /** Its exit status, once it has ended and said all it had to say. */
  ended: Promise<number>;
}

/**
 * A function that starts a program of tests/fixtures/store; with `before`, as the last argument of that command. To be
 * called where tests are declared: whatever still runs when they are done is killed.
 */
export function programs() {
  const started: Program[] = [];
  after(async () => {
    for (const program of started) program.kill("SIGKILL");
    await Promise.all(started.map((program) => program.ended));
  });
  return (name: string, args: string[], before: string[] = []): Program => {
    const program = start(name, args, before);
    started.push(program);
    return program;
  };
}

function start(name: string, args: string[], before: string[]): Program {
  const path = join(import.meta.dir, "..", "fixtures", "store", name);
  const child = Bun.spawn([...before, process.execPath, path, ...args], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  let said = "";
  const reading = (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of child.stdout) said += decoder.decode(chunk, { stream: true });
  })();
  return {
    pid: child.pid,
    said: () => said,
    says: (text, timeoutMs) =>
      waitUntil(`${name} says ${text}`, () => said.includes(text), timeoutMs).then(() => {}),
    values: () => said.split("\n").flatMap(asValue),
    kill: (signal) => child.kill(signal),
    go: () => void child.stdin.end(),
    ended: child.exited.then(async (status) => {
      await reading;
      return status;
    }),
  };
}

function asValue(line: string): never[] {
  try {
    return [JSON.parse(line) as never];
  } catch {
    return [];
  }
}
