import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { isAlive, ownIdentity, processState } from "../../src/core/identity.ts";
import { headless, untilHeadless } from "../helpers/headless.ts";
import { tempHomes } from "../helpers/temp-home.ts";
import { waitUntil } from "../helpers/wait-until.ts";

// Processes start slowly on a busy machine.
setDefaultTimeout(240_000);

const tempHome = tempHomes();
const started: Bun.Subprocess[] = [];

afterAll(() => {
  for (const child of started) child.kill("SIGKILL");
});

function start(...command: string[]): Bun.Subprocess {
  const child = Bun.spawn(command, { stdin: "ignore", stdout: "ignore", stderr: "ignore" });
  started.push(child);
  return child;
}

describe.skipIf(process.platform !== "linux")("a process on Linux", () => {
  test("knows itself by its id and start time, and is alive", () => {
    const own = ownIdentity();
    expect(own.pid).toBe(process.pid);
    expect(own.startTime).toBeGreaterThan(0);
    expect(isAlive(own)).toBe(true);
  });

  test("is not taken for another one that had its id before", () => {
    const own = ownIdentity();
    expect(isAlive({ ...own, startTime: own.startTime - 1 })).toBe(false);
    expect(isAlive({ ...own, startTime: 0 })).toBe(false);
  });

  test("that is gone is not alive and has no state", async () => {
    const child = start("true");
    await child.exited;
    expect(processState(child.pid)).toBeUndefined();
    expect(isAlive({ pid: child.pid, startTime: 1 })).toBe(false);
  });

  test("that is stopped is alive still", async () => {
    const child = start("sleep", "1000");
    child.kill("SIGSTOP");
    const state = await waitUntil("it is stopped", () => {
      const found = processState(child.pid);
      return found?.state === "T" && found;
    });
    expect(isAlive(state)).toBe(true);
  });

  test("that nobody has buried is not alive", async () => {
    // The shell becomes a sleep, which never asks what became of the child it inherits.
    const parent = start("sh", "-c", "sleep 1000 & exec sleep 1001");
    const zombie = await waitUntil("there is a child", () => childOf(parent.pid));
    process.kill(zombie.pid, "SIGKILL");
    await waitUntil("it is a zombie", () => processState(zombie.pid)?.state === "Z");
    expect(isAlive(zombie)).toBe(false);
  });

  test("whose first thread has ended is alive, and stopped when it is, for as long as another one goes on", async () => {
    const child = Bun.spawn(headless, { stdin: "ignore", stdout: "pipe", stderr: "ignore" });
    started.push(child);
    const reader = child.stdout.getReader();
    const said = new TextDecoder().decode((await reader.read()).value);
    try {
      await untilHeadless(child.pid);
      const state = processState(child.pid)!;
      expect(["R", "S", "D"]).toContain(state.state);
      expect(isAlive(state)).toBe(true);
      child.kill("SIGSTOP");
      await waitUntil("it is stopped", () => processState(child.pid)?.state === "T");
      child.kill("SIGKILL");
      await child.exited;
      expect(isAlive(state)).toBe(false);
    } finally {
      process.kill(Number(said), "SIGKILL");
    }
  });

  test("whose name looks like the rest of the line is read all the same", async () => {
    const home = tempHome();
    const path = join(home, "..", "a) Z 1 (b");
    copyFileSync("/bin/sleep", path);
    const child = start(path, "1000");
    await waitUntil("it has its name", () => childName(child.pid).includes(") Z 1 ("));
    expect(processState(child.pid)).toMatchObject({ pid: child.pid, parent: process.pid });
    await waitUntil("it sleeps", () => processState(child.pid)!.state === "S");
    expect(isAlive(processState(child.pid)!)).toBe(true);
  });

  test("tells its group", async () => {
    const child = start("setsid", "sleep", "1000");
    await waitUntil("it leads a group", () => processState(child.pid)?.group === child.pid);
    expect(processState(process.pid)!.group).not.toBe(child.pid);
  });
});

function childOf(parent: number) {
  const list = Bun.spawnSync(["cat", `/proc/${parent}/task/${parent}/children`]);
  const pid = Number(list.stdout.toString().trim().split(" ")[0]);
  // Only once the shell is gone: until then it would bury the child itself.
  if (!pid || childName(parent) !== "sleep") return undefined;
  return processState(pid);
}

function childName(pid: number): string {
  return Bun.spawnSync(["cat", `/proc/${pid}/comm`])
    .stdout.toString()
    .trim();
}
