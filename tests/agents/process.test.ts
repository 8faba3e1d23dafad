import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import {
  describeExit,
  launch,
  signalGroup,
  signalProcess,
  stopGroup,
} from "../../src/agents/process.ts";
import type { Launch } from "../../src/agents/spawned.ts";
import { processState } from "../../src/core/identity.ts";
import { waitUntil } from "../helpers/wait-until.ts";
import { exists, fixtures } from "./swarm-place.ts";

const PATH = process.env["PATH"]!;

/** The process of `command`, with what it has written so far. */
async function start(command: string[], options: Partial<Launch> = {}) {
  let out = "";
  const child = await launch({
    command,
    cwd: "/",
    env: { PATH },
    onStdout: (chunk) => void (out += Buffer.from(chunk).toString("latin1")),
    onStderr() {},
    ...options,
  });
  return { ...child, out: () => out };
}

describe("launch", () => {
  test("a program has a group and a session of its own", async () => {
    const child = await start(["cat"]);
    const state = processState(child.pid)!;
    expect([state.group, state.startTime]).toEqual([child.pid, child.startTime]);
    expect(state.group).not.toBe(processState(process.pid)!.group);
    child.end();
    expect(await child.exited).toEqual({ code: 0, signal: null });
  });
  test("nothing gets into its environment but what it is given, not even what this process started with", async () => {
    const program = join(fixtures, "launch-env.ts");
    const env = { PATH, SECRET: "s3cret", BUN_X: "1" };
    const child = Bun.spawn([process.execPath, program], { env, stdout: "pipe" });
    expect(JSON.parse(await child.stdout.text())).toEqual({ GIVEN: "1" });
  });
  test("what it reads is what is written, and both its outputs are heard to the end", async () => {
    let err = "";
    const script = "cat; echo complaint >&2";
    const onStderr = (chunk: Uint8Array) => void (err += Buffer.from(chunk).toString());
    const child = await start(["sh", "-c", script], { onStderr });
    const sent = "x".repeat(1_000_000);
    await child.write(sent);
    child.end();
    expect(await child.finished).toEqual({ code: 0, signal: null });
    expect(child.out()).toBe(sent);
    expect(err).toBe("complaint\n");
  });
  test("writing to one that ended is no error, and waits for nothing", async () => {
    const child = await start(["true"]);
    await child.write("x".repeat(1_000_000));
    await child.exited;
    await child.write("more");
    child.end();
  });
  test("its end is seen at once although a child of its own keeps the pipes", async () => {
    const begin = performance.now();
    const child = await start(["sh", "-c", "sleep 1000 & echo $!; exit 3"]);
    expect(await child.exited).toEqual({ code: 3, signal: null });
    await child.finished;
    // The child is there for a quarter of an hour.
    expect(performance.now() - begin).toBeLessThan(150_000);
    // Nothing would be 0, which is all of our own group.
    const pid = await waitUntil("it is told", () => Number(child.out()) || undefined);
    process.kill(pid, "SIGKILL");
  });
  test("output that is not wanted now is left unread until it is", async () => {
    let heard = 0;
    let wanted = false;
    const child = await start(["head", "-c", "50000000", "/dev/zero"], {
      onStdout(chunk) {
        heard += chunk.length;
        return wanted;
      },
    });
    await waitUntil("some is heard", () => heard > 0);
    await Bun.sleep(30);
    // What the runtime and the kernel hold may be more than a megabyte.
    expect(heard).toBeLessThan(25_000_000);
    expect(exists(child.pid)).toBe(true);
    wanted = true;
    child.resume();
    await child.finished;
    expect(heard).toBe(50_000_000);
  });
});

describe("identity", () => {
  test("a process that has another start time is never signalled", async () => {
    const child = await start(["sleep", "1000"]);
    for (const startTime of [child.startTime + 1, child.startTime - 1, 0]) {
      const stranger = { pid: child.pid, startTime };
      expect(signalProcess(stranger, "SIGKILL")).toBe(false);
      expect(signalGroup(stranger, "SIGKILL")).toBe(false);
    }
    expect(exists(child.pid)).toBe(true);
    expect(signalProcess(child, "SIGKILL")).toBe(true);
    expect(await child.exited).toEqual({ code: null, signal: "SIGKILL" });
    expect(signalProcess(child, "SIGKILL")).toBe(false);
    expect(signalGroup(child, "SIGKILL")).toBe(false);
  });
  test("a group is signalled as a whole", async () => {
    const child = await start(["sh", "-c", "sleep 1000 & echo $!; wait"]);
    const pid = await waitUntil("it has a child", () => Number(child.out()) || undefined);
    expect(signalGroup(child, "SIGKILL")).toBe(true);
    await child.exited;
    await waitUntil("the child is gone", () => !exists(pid));
  });
});

describe("stopGroup", () => {
  test("SIGTERM is enough for one that listens, stopped or not", async () => {
    // A program that has no handler is ended by the kernel even while it is stopped; this one has to be woken.
    const child = await start(["sh", join(fixtures, "polite.sh")]);
    await waitUntil("it listens", () => child.out() !== "");
    process.kill(child.pid, "SIGSTOP");
    await stopGroup(child, 60_000);
    expect(await child.exited).toEqual({ code: 5, signal: null });
  });
  test("one that does not is killed when its time is over", async () => {
    const child = await start(["sh", join(fixtures, "deaf.sh")]);
    await waitUntil("it is deaf", () => child.out() === "deaf\n");
    const begin = performance.now();
    await stopGroup(child, 100);
    expect(performance.now() - begin).toBeGreaterThanOrEqual(95);
    expect(await child.exited).toEqual({ code: null, signal: "SIGKILL" });
  });
});

test("an exit reads as a sentence", () => {
  expect(describeExit({ code: 3, signal: null })).toBe("exited with 3");
  expect(describeExit({ code: null, signal: "SIGKILL" })).toBe("was ended by SIGKILL");
});
