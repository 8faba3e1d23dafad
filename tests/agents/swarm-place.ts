// Directories in which tests run swarms with the real executable, and look for what is left of them.
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, expect, setDefaultTimeout } from "bun:test";
import { type App, openApp } from "../../src/app.ts";
import type { Agent } from "../../src/agents/registry.ts";
import { send } from "../../src/bus/send.ts";
import { readSwarmFile } from "../../src/config/swarm-file.ts";
import type { Swarm } from "../../src/config/swarm.ts";
import { defaults } from "../../src/config/settings.ts";
import { processState, threadsOf } from "../../src/core/identity.ts";
import { bytesOf } from "../../src/core/text.ts";
import { findLockHolder } from "../../src/store/lock-holder.ts";
import { auditLedger } from "../helpers/audit-ledger.ts";
import { skepExecutable } from "../helpers/executable.ts";
import { readLog } from "../helpers/read-log.ts";
import { tempDir } from "../helpers/temp-dir.ts";
import { waitUntil } from "../helpers/wait-until.ts";
import { busyTimeoutMs, onSlowMachine } from "./slow-machine.ts";

export const fixtures = join(import.meta.dir, "..", "fixtures", "agents");

export interface Ended {
  status: number | null;
  stdout: string;
  stderr: string;
}

export interface Running {
  readonly pid: number;
  kill(signal: NodeJS.Signals): void;
  /** What it has said to a person so far. */
  stderr(): string;
  readonly ended: Promise<Ended>;
}

/** Groups of agents as a swarm file has them. */
export type Agents = Record<string, Record<string, unknown>>;

/** An agent that waits for work, and is quick to leave. */
export const idle = { runner: "exec", command: ["cat"] };

export type Place = Awaited<ReturnType<ReturnType<typeof swarmPlaces>>>;

// A supervisor whose guardian was killed takes its swarm down first, on a machine that may be slow.
const endWithinMs = 100_000;

// Short, so that programs that do not listen do not hold up the tests.
const shortTimes = '[agents]\nstop_grace = "200ms"\n';

/** A function that makes a new place. After each test nothing may be left of its swarms, and its ledger must add up. To be called where tests are declared. */
export function swarmPlaces() {
  let executable: string;
  // Processes start slowly on a busy machine.
  setDefaultTimeout(240_000);
  const made: { app: App; started: Running[]; home: string }[] = [];
  beforeAll(async () => {
    executable = await skepExecutable();
  }, 240_000);
  afterEach(async () => {
    const survivors: string[] = [];
    for (const { app, started, home } of made.splice(0)) {
      for (const running of started) running.kill("SIGKILL");
      let over = false;
      const ended = Promise.all(started.map((running) => running.ended)).then(() => (over = true));
      // Whoever survives may hold what they wrote to, so their ends are not waited for longer than others need. Who was
      // killed is there until it gets a processor once more.
      const isEmpty = () => over && marked("SKEP_HOME", home).length === 0;
      await waitUntil("nothing is left", isEmpty, endWithinMs).catch(() => {});
      for (const pid of marked("SKEP_HOME", home)) {
        survivors.push(commandOf(pid));
        signalIfThere(pid, "SIGKILL");
      }
      await ended;
      await auditLedger(app.bus);
      await app.close();
    }
    expect(survivors).toEqual([]);
  }, 240_000);

  return async (settings = shortTimes) => {
    const directory = tempDir();
    const home = join(directory, "home");
    mkdirSync(home, { mode: 0o700 });
    writeFileSync(join(home, "skep.toml"), onSlowMachine(settings));
    const store = { ...defaults.store, busyTimeoutMs };
    const app = await openApp(home, { ...defaults, store }, [executable]);
    const started: Running[] = [];
    made.push({ app, started, home });
    const start = (
      words: string[],
      env: Record<string, string> = {},
      before: string[] = [],
    ): Running => {
      const running = run([...before, executable, ...words, "--home", home], directory, env);
      started.push(running);
      return running;
    };
    const agent = async (name: string): Promise<Agent | undefined> =>
      (await app.agents()).find((one) => one.name === name);
    const file = (agents: Agents): string => {
      const path = join(directory, "swarm.json");
      writeFileSync(path, JSON.stringify({ name: "s", agents: onceEach(agents) }));
      return path;
    };
    return {
      directory,
      home,
      app,
      executable,
      /** The swarm of these agents, as its file spells it out. */
      swarm: (agents: Agents): Promise<Swarm> => readSwarmFile(file(agents)),
      start,
      /** Starts `skep up` for these agents; `before` is a command that runs it. */
      up: (
        agents: Agents,
        words: string[] = [],
        env: Record<string, string> = {},
        before: string[] = [],
      ): Running => start(["up", file(agents), ...words], env, before),
      /** What starts `skep up` for these agents, for whoever runs it in a way of its own. */
      upCommand: (agents: Agents): string[] => [executable, "up", file(agents), "--home", home],
      /** Stops the supervisor `pid` while it holds the write lock, or while it does not. */
      async halt(pid: number, { writing }: { writing: boolean }): Promise<void> {
        await waitUntil(`it is stopped, ${writing ? "" : "not "}writing`, async () => {
          process.kill(pid, "SIGSTOP");
          await waitUntil("it is stopped", () => processState(pid)?.state === "T");
          const holds = ["bus.db-shm", "write.lock"].some(
            (name) => findLockHolder([join(home, name)])?.pid === pid,
          );
          if (holds === writing) return true;
          process.kill(pid, "SIGCONT");
          return false;
        });
      },
      /** Kills `up`, and the supervisor below it. */
      async killAll(up: Running): Promise<void> {
        const { pid } = (await app.lastRun())!;
        // Neither may notice the end of the other.
        up.kill("SIGSTOP");
        process.kill(pid, "SIGKILL");
        up.kill("SIGKILL");
        // On a busy machine the kernel takes its time, and whoever looks meanwhile finds them alive.
        await waitUntil("both are dead", () => ![pid, up.pid].some(exists));
      },
      /** Kills all there is of a swarm at once, as a power cut would. */
      async powerOff(up: Running): Promise<void> {
        up.kill("SIGSTOP");
        const pids = new Set([(await app.lastRun())!.pid]);
        const stop = () => {
          const found = marked("SKEP_HOME", home).filter((pid) => !pids.has(pid));
          for (const pid of found) pids.add(pid);
          for (const pid of pids) signalIfThere(pid, "SIGSTOP");
          return found.length === 0 && [...pids].every(isHalted);
        };
        // Nobody may notice the end of another. What was just being started while the others were stopped is found later.
        await waitUntil("all of them are stopped", stop);
        await waitUntil("there are no others", stop);
        for (const pid of pids) signalIfThere(pid, "SIGKILL");
        up.kill("SIGKILL");
        await up.ended;
        await waitUntil("nothing runs", () => [...pids].filter(exists).length === 0);
      },
      /** Runs a command to its end. */
      skep: (words: string[], env: Record<string, string> = {}): Promise<Ended> =>
        start(words, env).ended,
      agent,
      /** The agent `name` once it is in one of `states`. */
      becomes: (name: string, ...states: string[]): Promise<Agent> =>
        waitUntil(`${name} is ${states.join(" or ")}`, async () => {
          const now = await agent(name);
          return now !== undefined && states.includes(now.state) ? now : undefined;
        }),
      /** Sends from outside the swarm: the message's id. */
      async send(to: string, body: string): Promise<number> {
        const options = { from: null, onFull: "fail", timeoutMs: 0 } as const;
        return (await send(app.bus, { to, body: bytesOf(body) }, options)).id;
      },
      /** Waits until the counts of `inbox` are these. */
      async counts(inbox: string, wanted: Record<string, number>): Promise<void> {
        await waitUntil(`${inbox} has ${JSON.stringify(wanted)}`, async () => {
          const now = await ledgerOf(app, inbox);
          return Object.entries(wanted).every(([account, count]) => now[account] === count);
        });
      },
      /** How many deliveries of `inbox` are in each state. */
      ledger: (inbox: string) => ledgerOf(app, inbox),
      /** What was logged so far; nothing before there is a log. */
      log: (name: string): string => readLog(home, name),
      /** The processes of swarms that ran here. */
      left: (): string[] => marked("SKEP_HOME", home).map(commandOf),
    };
  };
}

// A test that is about starting again says so; in the others an end is an end.
function onceEach(agents: Agents): Agents {
  const entries = Object.entries(agents);
  return Object.fromEntries(entries.map(([name, agent]) => [name, { restart: "never", ...agent }]));
}

/** The text of a file that may not be there; then nothing. */
export function readOrNothing(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

/** Whether the process `pid` runs. */
export function exists(pid: number): boolean {
  const { state = "Z" } = processState(pid) ?? {};
  return state !== "Z" && state !== "X";
}

/** Sends `signal` to the process `pid`, which may just have ended by itself. */
export function signalIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has.
  }
}

/** Whether the process `pid` does nothing: it is stopped, or gone. */
function isHalted(pid: number): boolean {
  return !exists(pid) || processState(pid)?.state === "T";
}

/** Whether the process has a handler for that signal. */
export function catches(pid: number, signal: number): boolean {
  // Before its program is there it may still have those of whoever starts it, and its environment is not to be seen.
  if (readOrNothing(`/proc/${pid}/environ`) === "") return false;
  const [, mask = "0"] = /^SigCgt:\t(\w+)$/m.exec(readOrNothing(`/proc/${pid}/status`)) ?? [];
  return ((BigInt(`0x${mask}`) >> BigInt(signal - 1)) & 1n) === 1n;
}

/** The live processes with that variable in their environment. */
export function marked(name: string, value: string): number[] {
  const entry = `\0${name}=${value}\0`;
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && pid !== process.pid)
    .filter((pid) => `\0${environmentOf(pid)}`.includes(entry))
    .filter(exists);
}

/** The environment of a process; once its first thread has ended, that of another one. */
function environmentOf(pid: number): string {
  const others = () =>
    threadsOf(pid).map((thread) => readOrNothing(`/proc/${pid}/task/${thread}/environ`));
  return readOrNothing(`/proc/${pid}/environ`) || (others().find(Boolean) ?? "");
}

function commandOf(pid: number): string {
  return readOrNothing(`/proc/${pid}/cmdline`).replaceAll("\0", " ");
}

async function ledgerOf({ store }: App, inbox: string): Promise<Record<string, number>> {
  const query = "select * from ledger where inbox = $inbox";
  return (await store.read((tx) => tx.get<Record<string, number>>(query, { inbox }))) ?? {};
}

/** Starts a command that is expected to end by itself, or to be killed by whoever starts it. */
export function run(command: string[], cwd: string, env: Record<string, string>): Running {
  const { PATH = "", HOME = "" } = process.env;
  const child = Bun.spawn(command, {
    cwd,
    env: { PATH, HOME, ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  let stderr = "";
  const reading = (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of child.stderr) stderr += decoder.decode(chunk, { stream: true });
  })();
  const ended = (async () => {
    const stdout = await child.stdout.text();
    await reading;
    await child.exited;
    return { status: child.exitCode, stdout, stderr };
  })();
  return {
    pid: child.pid,
    kill: (signal) => child.kill(signal),
    stderr: () => stderr,
    ended,
  };
}
