import { afterEach, expect, test } from "bun:test";
import { join } from "node:path";
import { endMarked, findMarked, killMarked } from "../../src/agents/survivors.ts";
import { type Child, launch } from "../../src/agents/process.ts";
import { randomHex } from "../../src/core/ids.ts";
import { headless, untilHeadless } from "../helpers/headless.ts";
import { lacks } from "../helpers/programs.ts";
import { waitUntil } from "../helpers/wait-until.ts";
import { exists, fixtures } from "./swarm-place.ts";

const marks: string[] = [];
afterEach(async () => {
  for (const run of marks.splice(0)) await killMarked({ run });
});

function newRun(): string {
  const run = randomHex(8);
  marks.push(run);
  return run;
}

function start(run: string, agent: string, command: string[]): Promise<Child> {
  const env = { PATH: process.env["PATH"]!, SKEP_RUN: run, SKEP_AGENT: agent };
  return launch({ command, cwd: "/", env, onStdout() {}, onStderr() {} });
}

/** A process that says so when it is ready. */
async function startLoud(run: string, agent: string, command: string[]): Promise<Child> {
  const ready = Promise.withResolvers<void>();
  const env = { PATH: process.env["PATH"]!, SKEP_RUN: run, SKEP_AGENT: agent };
  const onStdout = () => ready.resolve();
  const child = await launch({ command, cwd: "/", env, onStdout, onStderr() {} });
  await ready.promise;
  return child;
}

test("processes are found by the run they belong to, and by their agent, wherever they went", async () => {
  const [run, other] = [newRun(), newRun()];
  const one = await start(run, "a", ["sleep", "1000"]);
  await start(run, "ab", ["sh", "-c", "sleep 1000 & wait"]);
  await start(other, "a", ["sleep", "1000"]);
  await waitUntil("all run", () => findMarked({ run }).length === 3);
  expect(findMarked({ run, agents: ["a"] }).map(({ pid }) => pid)).toEqual([one.pid]);
  // One that is just becoming another program shows no mark.
  await waitUntil("both are found", () => findMarked({ run, agents: ["ab"] }).length === 2);
  expect(findMarked({ run: run.slice(1) })).toEqual([]);
  process.kill(one.pid, "SIGKILL");
  await one.exited;
  expect(findMarked({ run, agents: ["a"] })).toEqual([]);
});

test("all are ended politely, and only who does not listen is killed and counted", async () => {
  const run = newRun();
  const meek = await startLoud(run, "a", ["sh", join(fixtures, "polite.sh")]);
  expect(await endMarked({ run }, 60_000)).toBe(0);
  expect(await meek.exited).toEqual({ code: 5, signal: null });
  const deaf = await startLoud(run, "a", ["sh", join(fixtures, "deaf.sh")]);
  expect(await endMarked({ run }, 100)).toBeGreaterThanOrEqual(1);
  expect(await deaf.exited).toEqual({ code: null, signal: "SIGKILL" });
  expect(await endMarked({ run }, 60_000)).toBe(0);
});

test("whoever is just being started is not overlooked", async () => {
  for (let times = 0; times < 20; times++) {
    const run = newRun();
    const command = ["sleep", "1000"];
    const child = await start(run, "a", command);
    expect(await killMarked({ run, agents: ["a"] })).toBe(1);
    expect(await child.exited).toEqual({ code: null, signal: "SIGKILL" });
    const next = await start(run, "a", command);
    expect(await endMarked({ run }, 60_000)).toBe(0);
    expect(await next.exited).toEqual({ code: null, signal: "SIGTERM" });
  }
});

test("nor is one that takes long to become another program", async () => {
  const run = newRun();
  for (const end of [killMarked, (mark: { run: string }) => endMarked(mark, 100)]) {
    const words = [join(fixtures, "shows-late.ts"), "1500"];
    const child = await startLoud(run, "a", [process.execPath, ...words]);
    expect(await end({ run })).toBe(1);
    expect(await child.exited).toEqual({ code: null, signal: "SIGKILL" });
  }
});

test.skipIf(process.platform !== "linux")(
  "one whose first thread has ended is found, and ended",
  async () => {
    const run = newRun();
    const child = await startLoud(run, "a", headless);
    await untilHeadless(child.pid);
    expect(findMarked({ run }).map(({ pid }) => pid)).toContain(child.pid);
    expect(await killMarked({ run })).toBe(2);
    expect(await child.exited).toEqual({ code: null, signal: "SIGKILL" });
  },
);

test("one that is stopped hears it too, and nobody is waited for when it is urgent", async () => {
  const run = newRun();
  const stopped = await startLoud(run, "a", ["sh", join(fixtures, "polite.sh")]);
  process.kill(stopped.pid, "SIGSTOP");
  expect(await endMarked({ run }, 60_000)).toBe(0);
  expect(await stopped.exited).toEqual({ code: 5, signal: null });
  await startLoud(run, "a", ["sh", join(fixtures, "deaf.sh")]);
  expect(await endMarked({ run }, 3_600_000, AbortSignal.abort())).toBeGreaterThanOrEqual(1);
});

test("a program that lost its mark is known by its row, and its group with it", async () => {
  const run = newRun();
  const script = "sleep 1000 & echo; wait";
  const program = await startLoud(run, "a", ["env", "-i", "/bin/sh", "-c", script]);
  await waitUntil("it has shed its mark", () => findMarked({ run }).length === 0);
  expect(findMarked({ run, programs: [program] })).toEqual([program]);
  const stranger = { pid: process.pid, startTime: 1 };
  expect(await endMarked({ run, programs: [program, stranger] }, 60_000)).toBe(0);
  expect(exists(program.pid)).toBe(false);
});

test.skipIf(lacks("setsid"))(
  "those that go on forking while they are killed are killed to the last",
  async () => {
    const run = newRun();
    const script =
      "n=0; while [ $n -lt 60 ]; do setsid sh -c 'sleep 0.05; sleep 1000 & sleep 1000' & n=$((n+1)); sleep 0.002; done; wait";
    await start(run, "a", ["sh", "-c", script]);
    await waitUntil("they multiply", () => findMarked({ run }).length > 20);
    // Half of them may be those that sleep for a moment, and have ended by themselves.
    expect(await killMarked({ run })).toBeGreaterThan(5);
    expect(findMarked({ run })).toEqual([]);
  },
);
