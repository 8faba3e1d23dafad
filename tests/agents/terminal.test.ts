import { afterEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { ownChildren, signalGroup, stopGroup } from "../../src/agents/process.ts";
import { type TerminalChild, launchOnTerminal } from "../../src/agents/terminal.ts";
import { processState } from "../../src/core/identity.ts";
import { bytesOf } from "../../src/core/text.ts";
import { waitUntil } from "../helpers/wait-until.ts";
import { exists, fixtures } from "./swarm-place.ts";

const PATH = process.env["PATH"]!;
const started: TerminalChild[] = [];
afterEach(async () => {
  for (const child of started.splice(0)) {
    signalGroup(child, "SIGKILL");
    await child.finished;
  }
});

/** The process of a shell script on a terminal, with what it has printed so far. */
function start(script: string, env: Record<string, string> = {}) {
  let out = "";
  const child = launchOnTerminal({
    command: ["sh", "-c", script],
    cwd: "/",
    env: { PATH, ...env },
    onOutput: (chunk) => void (out += Buffer.from(chunk).toString("latin1")),
  });
  started.push(child);
  const prints = (text: string) =>
    waitUntil(`it prints ${JSON.stringify(text)}`, () => out.includes(text));
  return { ...child, out: () => out, prints };
}

describe("a program on a terminal", () => {
  test("has it for all three of its streams, leads a session on it, and is one of our children", async () => {
    const child = start("test -t 0 && test -t 1 && test -t 2 && tty && ps -o sid= -p $$; read x");
    await child.prints("/dev/");
    await child.prints(String(child.pid));
    expect(processState(child.pid)).toMatchObject({
      group: child.pid,
      startTime: child.startTime,
      parent: process.pid,
    });
    expect(ownChildren.has(child.pid)).toBe(true);
    await child.write(bytesOf("\n"));
    expect(await child.exited).toEqual({ code: 0, signal: null });
    expect(ownChildren.has(child.pid)).toBe(false);
  });
  test("sees nothing of our environment but what it is given", async () => {
    const child = start("env", { GIVEN: "1" });
    await child.finished;
    const names = child
      .out()
      .trim()
      .split("\r\n")
      .map((line) => line.split("=")[0]);
    expect(
      names.filter((name) => !["PWD", "SHLVL", "_", "OLDPWD"].includes(name!)).toSorted(),
    ).toEqual(["GIVEN", "PATH"]);
  });
  test("reads what is typed, and is ended by Ctrl-C like at any other one", async () => {
    const child = start("read name; echo hello $name; exec cat");
    await child.write(bytesOf("ada\n"));
    await child.prints("hello ada\r\n");
    await child.write(Uint8Array.of(3));
    expect(await child.exited).toEqual({ code: null, signal: "SIGINT" });
  });
  test("is told when its window has another size", async () => {
    const child = start("trap 'stty size' WINCH; stty size; echo on; while :; do sleep 0.05; done");
    await child.prints("24 80\r\non");
    child.resize({ columns: 132, rows: 50 });
    await child.prints("50 132");
  });
  test("all that it prints is heard when it has finished", async () => {
    const child = start("i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done; exit 3");
    expect(await child.finished).toEqual({ code: 3, signal: null });
    expect(child.out().split("\r\n").length).toBe(20_001);
    expect(child.out()).toEndWith("line 19999\r\n");
  });
  test("its end is seen although a child of its own keeps the terminal, which is then taken away", async () => {
    const child = start("trap '' HUP; (while echo x; do sleep 0.02; done) & echo child $!; exit 4");
    expect(await child.exited).toEqual({ code: 4, signal: null });
    // What it printed may be heard after its end.
    const told = await waitUntil("it is heard", () => /child (\d+)\r/.exec(child.out()));
    const pid = Number(told[1]);
    expect(exists(pid)).toBe(true);
    await child.finished;
    await waitUntil("it can write no more", () => !exists(pid));
  });
});

test("what nobody reads is not taken in without end, and no more of it is once the program is gone", async () => {
  const child = start("stty raw -echo; echo on; exec sleep 1000");
  await child.prints("on");
  let taken = false;
  const written = child.write(new Uint8Array(1_000_000)).then(() => (taken = true));
  await Bun.sleep(50);
  expect(taken).toBe(false);
  signalGroup(child, "SIGKILL");
  await written;
  await child.finished;
  await child.write(bytesOf("more"));
  await child.write(new Uint8Array());
  child.resize({ columns: 10, rows: 10 });
});

test("its group is stopped like any other", async () => {
  const child = start(`exec sh ${join(fixtures, "deaf.sh")}`);
  await child.prints("deaf");
  await stopGroup(child, 50);
  expect(await child.exited).toEqual({ code: null, signal: "SIGKILL" });
});

test("what cannot be started says why", () => {
  const launch = (command: string[], cwd: string) => () =>
    launchOnTerminal({ command, cwd, env: { PATH }, onOutput() {} });
  expect(launch(["no-such-program"], "/")).toThrow("there is no such program");
  expect(launch(["/etc/passwd"], "/")).toThrow("it may not be executed");
  expect(launch(["true"], "/no/such/place")).toThrow("there is no directory /no/such/place");
});
