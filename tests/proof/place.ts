// A home in which a proof runs its swarm, with all that can be asked of it from outside.
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Child, launch, signalProcess } from "../../src/agents/process.ts";
import type { Exit } from "../../src/agents/spawned.ts";
import { type App, openApp } from "../../src/app.ts";
import { createInbox } from "../../src/bus/ledger.ts";
import { loadSettings } from "../../src/config/load.ts";
import { auditLedger } from "../helpers/audit-ledger.ts";
import { forget, processesOf, takeIn } from "./left-behind.ts";

export interface Running extends Child {
  /** What it has said so far, to programs and to people. */
  stdout(): string;
  stderr(): string;
}

export interface Place {
  directory: string;
  home: string;
  /** An eye of ours on the home; it starts nothing. */
  app: App;
  /** Starts a command of skep in the background; `hear` gets what it says to programs. */
  start(words: readonly string[], hear?: (chunk: Uint8Array) => void): Promise<Running>;
  /** Starts any other program in the background. */
  launch(command: readonly string[]): Promise<Running>;
  /** Runs a command of skep to its end. */
  skep(words: readonly string[]): Promise<Exit & { stdout: string; stderr: string }>;
  /** Writes a swarm file: its path. */
  file(swarm: object): string;
  /** Makes inboxes that belong to no agent; before the swarm is up. */
  makeInboxes(...names: string[]): Promise<void>;
}

/** What was started in each directory that is in use. */
const open = new Map<string, Running[]>();

// Whoever stops a proof leaves nothing behind either.
process.on("exit", () => {
  for (const [directory, started] of open) {
    for (const running of started) signalProcess(running, "SIGKILL");
    forget(homeIn(directory));
    rmSync(directory, { recursive: true, force: true });
  }
});

const homeIn = (directory: string) => join(directory, "home");

interface Home {
  executable: string;
  /** The text of its skep.toml. */
  settings: string;
  /** Whether it may have forgotten what has ended. */
  forgets?: boolean;
}

/**
 * Has `work` done in a new home: the faults that it found, with those of the home itself. By then nothing may be
 * left of what was started, and what lies there must add up. Where there are faults the home is kept, to be looked into.
 */
export async function inPlace(
  { executable, settings, forgets = false }: Home,
  work: (place: Place) => Promise<string[]>,
): Promise<string[]> {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), "skep-proof-")));
  const home = homeIn(directory);
  mkdirSync(home, { mode: 0o700 });
  writeFileSync(join(home, "skep.toml"), settings);
  const takeNoMore = takeIn();
  const app = await openApp(home, await loadSettings(home), [executable]);
  const started: Running[] = [];
  const launch = async (command: readonly string[], hear?: (chunk: Uint8Array) => void) => {
    const running = await startIn(directory, command, hear);
    started.push(running);
    return running;
  };
  const start: Place["start"] = (words, hear) =>
    launch([executable, ...words, "--home", home], hear);
  const endAll = async () => {
    for (const running of started) signalProcess(running, "SIGKILL");
    await Promise.all(started.map(({ exited }) => exited));
    forget(home);
  };
  open.set(directory, started);
  const faults: string[] = [];
  try {
    faults.push(
      ...(await work({
        directory,
        home,
        app,
        start,
        launch: (command) => launch(command),
        async skep(words) {
          const running = await start(words);
          running.end();
          const exit = await running.finished;
          return { ...exit, stdout: running.stdout(), stderr: running.stderr() };
        },
        file(swarm) {
          const path = join(directory, "swarm.json");
          writeFileSync(path, JSON.stringify(swarm));
          return path;
        },
        makeInboxes: (...names) =>
          app.store.write(async (tx) => {
            for (const name of names) await createInbox(tx, name);
          }),
      })),
    );
    faults.push(...(await leftIn(home)), ...(await soundnessOf(app, forgets)));
  } catch (error) {
    faults.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  } finally {
    await endAll();
    takeNoMore();
    open.delete(directory);
    await app.close();
    if (faults.length === 0) rmSync(directory, { recursive: true, force: true });
    else faults.push(`what it left is in ${directory}`);
  }
  return faults;
}

async function startIn(
  cwd: string,
  command: readonly string[],
  hear: (chunk: Uint8Array) => void = () => {},
): Promise<Running> {
  const { PATH = "", HOME = "" } = process.env;
  const said = { stdout: "", stderr: "" };
  const child = await launch({
    command,
    cwd,
    env: { PATH, HOME },
    onStdout(chunk) {
      said.stdout += Buffer.from(chunk).toString("utf8");
      hear(chunk);
    },
    onStderr: (chunk) => void (said.stderr += Buffer.from(chunk).toString("utf8")),
  });
  return { ...child, stdout: () => said.stdout, stderr: () => said.stderr };
}

/** Faults for every process that is there although all have been told to end. */
async function leftIn(home: string): Promise<string[]> {
  const left = await processesOf(home);
  return left.map(({ pid, command, how }) => `process ${pid} is left (${how}): ${command}`);
}

async function soundnessOf(app: App, forgets: boolean): Promise<string[]> {
  const faults: string[] = [];
  const answer = await app.store.read((tx) => tx.all("select * from pragma_integrity_check"));
  const said = JSON.stringify(answer);
  if (said !== '[{"integrity_check":"ok"}]') faults.push(`integrity_check says ${said}`);
  try {
    await auditLedger(app.bus, { forgets });
  } catch (error) {
    faults.push(`the ledger does not add up: ${(error as Error).message}`);
  }
  return faults;
}
