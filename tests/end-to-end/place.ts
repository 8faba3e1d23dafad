// A place like a stranger's machine: the executable alone in a directory, no Bun on PATH, an empty HOME, and a
// current directory full of files that some program may heed, but not this one.
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, setDefaultTimeout } from "bun:test";
import { skepExecutable } from "../helpers/executable.ts";
import { tempDir } from "../helpers/temp-dir.ts";

export interface Ended {
  /** Its exit status; 128 and the number of the signal that ended it, as a shell has it. */
  status: number;
  stdout: string;
  stderr: string;
}

export interface Options {
  /** What it reads, nothing by default; "open" for a pipe that `write` and `close` feed. */
  stdin?: string | Uint8Array | "open";
  /** On top of PATH, HOME, SKEP_HOME and `patience`; undefined takes one of them away. */
  env?: Record<string, string | undefined>;
  cwd?: string;
  /** A command that runs it: `["unshare", "-n"]`. */
  before?: string[];
}

export interface Running {
  readonly pid: number;
  /** Everything on its standard output so far. */
  said(): string;
  /** Writes to its standard input: resolves when the pipe has taken it, or nobody is there to read it. */
  write(text: string): Promise<void>;
  /** Ends its standard input. */
  close(): void;
  kill(signal: NodeJS.Signals): void;
  /** How it ended, once it has. */
  readonly ended: Promise<Ended>;
}

export interface Place {
  /** The executable; nothing else lies beside it. */
  readonly executable: string;
  /** What SKEP_HOME says; not there until skep makes it. */
  readonly home: string;
  /** The hostile directory that commands run in. */
  readonly cwd: string;
  /** A directory with `sh` and a few small tools: all of PATH. */
  readonly tools: string;
  /** The path of `name` in a directory that tests may fill. */
  path(name: string): string;
  /** Runs `skep` with `words` to its end. Rejects when it shows a stack trace, whatever the test is about. */
  skep(words: string[], options?: Options): Promise<Ended>;
  /** Starts `skep` with `words`. */
  start(words: string[], options?: Options): Running;
  /** What the hostile files did when something heeded them; nothing. */
  traces(): string[];
}

/** Whoever has the write lock may get no processor for long, and nobody is to be refused for that. */
export const patience = { SKEP_STORE_BUSY_TIMEOUT: "3m" };

/**
 * A function that answers a new place each time. To be called where tests are declared: what still runs when they are
 * done is killed, and all places are removed.
 */
export function places(): () => Place {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "skep-alone-")));
  const started = new Set<Running>();
  let machine: Machine;
  let count = 0;
  // A command takes 15 ms, and many times that on a machine that is busy with something else.
  setDefaultTimeout(240_000);
  beforeAll(async () => {
    machine = await strangersMachine();
  }, 240_000);
  afterAll(async () => {
    for (const running of started) running.kill("SIGKILL");
    await Promise.all([...started].map((running) => running.ended.catch(() => {})));
    rmSync(root, { recursive: true, force: true });
  });

  return () => {
    const directory = join(root, String(++count));
    const [cwd, emptyHome, home] = ["cwd", "user", "home"].map((name) => join(directory, name));
    for (const made of [cwd!, emptyHome!]) mkdirSync(made, { recursive: true });
    const marks = layTraps(cwd!);
    const { executable, tools } = machine;
    const start = (words: string[], options: Options = {}): Running => {
      const env = { PATH: tools, HOME: emptyHome, SKEP_HOME: home, ...patience, ...options.env };
      const running = spawn([...(options.before ?? []), executable, ...words], {
        stdin: options.stdin ?? "",
        cwd: options.cwd ?? cwd!,
        env,
      });
      started.add(running);
      void running.ended.catch(() => {}).finally(() => started.delete(running));
      return running;
    };
    return {
      executable,
      home: home!,
      cwd: cwd!,
      tools,
      path: (name) => join(directory, name),
      start,
      skep: (words, options) => start(words, options).ended,
      traces: () => marks.filter((mark) => existsSync(mark)),
    };
  };
}

interface Machine {
  executable: string;
  tools: string;
}

let made: Promise<Machine> | undefined;

/** The executable in a directory of its own, and the tools; one copy serves every test of this process. */
function strangersMachine(): Promise<Machine> {
  made ??= skepExecutable().then((built) => {
    const machine = { executable: join(tempDir(), "skep"), tools: tempDir() };
    copyFileSync(built, machine.executable);
    linkTools(machine.tools);
    return machine;
  });
  return made;
}

function spawn(
  words: string[],
  options: { stdin: string | Uint8Array; cwd: string; env: Record<string, string | undefined> },
): Running {
  const { stdin, cwd, env } = options;
  const open = stdin === "open";
  const child = Bun.spawn(words, {
    stdin: open ? "pipe" : typeof stdin === "string" ? Buffer.from(stdin) : stdin,
    stdout: "pipe",
    stderr: "pipe",
    cwd,
    env,
  });
  const pipe = open ? (child.stdin as unknown as import("bun").FileSink) : undefined;
  let said = "";
  const reading = (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of child.stdout) said += decoder.decode(chunk, { stream: true });
  })();
  const ended = (async () => {
    const stderr = await child.stderr.text();
    await reading;
    await child.exited;
    refuseStackTraces(words, said + stderr);
    return { status: statusOf(child), stdout: said, stderr };
  })();
  return {
    pid: child.pid,
    said: () => said,
    async write(text) {
      try {
        await pipe?.write(text);
        await pipe?.flush();
      } catch {
        // Whoever is killed does not read on, and that is what some tests are about.
      }
    },
    close: () => void Promise.resolve(pipe?.end()).catch(() => {}),
    kill: (signal) => child.kill(signal),
    ended,
  };
}

function statusOf({ exitCode, signalCode }: ReturnType<typeof Bun.spawn>): number {
  return exitCode ?? 128 + constants.signals[signalCode as NodeJS.Signals];
}

// A place in a program, as every runtime shows it: "at send (/$bunfs/root/skep:12:3)".
const stackLine = /^\s+at .*[:(]\d+/m;

function refuseStackTraces(words: string[], text: string): void {
  if (stackLine.test(text)) throw new Error(`${words.slice(1).join(" ")} shows a stack:\n${text}`);
}

const toolNames = [
  "sh",
  "cat",
  "head",
  "sleep",
  "tr",
  "true",
  "unshare",
  "nsenter",
  "mount",
  "umount",
];

function linkTools(directory: string): void {
  for (const name of toolNames) {
    const found = Bun.which(name);
    if (found !== null) symlinkSync(found, join(directory, name));
  }
}

/** Fills `cwd` with what a runtime may load or obey; answers the files that are there once one did. */
function layTraps(cwd: string): string[] {
  const marks = ["preloaded", "misled", "resolved"].map((name) => join(cwd, name));
  const [preloaded, misled, resolved] = marks;
  const trap = (mark: string) => `require("node:fs").writeFileSync(${JSON.stringify(mark)}, "");\n`;
  const put = (name: string, text: string) => writeFileSync(join(cwd, name), text);
  put("bunfig.toml", 'preload = ["./intruder.js"]\n[run]\npreload = ["./intruder.js"]\n');
  put("intruder.js", trap(preloaded!));
  for (const name of [".env", ".env.local", ".env.production", ".env.development"])
    put(
      name,
      `SKEP_HOME=${misled}\nSKEP_AGENT=mallory\nSKEP_DEBUG=1\nSKEP_BUS_INBOX_CAP=1\nSECRET=x\n`,
    );
  put("tsconfig.json", '{ "compilerOptions": { "paths": { "*": ["./intruder.js"] } } }');
  put("package.json", '{ "name": "hostile", "imports": { "#*": "./intruder.js" } }');
  for (const name of ["citty", "consola", "valibot", "smol-toml", "jsonc-parser", "yaml"]) {
    const folder = join(cwd, "node_modules", name);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "index.js"), trap(resolved!));
    writeFileSync(join(folder, "package.json"), `{ "name": "${name}", "main": "index.js" }`);
  }
  put("skep", "#!/bin/sh\nexit 99\n");
  chmodSync(join(cwd, "skep"), 0o755);
  return marks;
}
