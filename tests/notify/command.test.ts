import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { openShelter } from "../../src/agents/strays.ts";
import { writeDuration } from "../../src/core/durations.ts";
import { isSkepError } from "../../src/core/errors.ts";
import { type Telling, tellByProgram } from "../../src/notify/command.ts";
import { exists, fixtures as agentFixtures } from "../agents/swarm-place.ts";
import { tempDir } from "../helpers/temp-dir.ts";
import { waitUntil } from "../helpers/wait-until.ts";

const fixtures = join(import.meta.dir, "..", "fixtures", "notify");
const never = new AbortController().signal;
const PATH = process.env["PATH"]!;

/** Why it did not work, with what it said; undefined when it did. */
async function tell(
  command: string[],
  { signal = never, ...more }: Partial<Telling> & { signal?: AbortSignal } = {},
): Promise<{ why: string; said: string | undefined } | undefined> {
  const telling = { command, cwd: tempDir(), env: { PATH }, input: "told", timeoutMs: 200_000 };
  try {
    await tellByProgram({ ...telling, ...more }, signal);
    return undefined;
  } catch (error) {
    if (!isSkepError(error, "E_FAILED")) throw error;
    return { why: error.message, said: error.hint };
  }
}

const pidIn = (file: string) =>
  waitUntil("it has written its pid", () => Number(readOrNothing(file)) || undefined);

function readOrNothing(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

test("a program that ends with 0 was told; it read all of it, and has no environment but its own", async () => {
  const cwd = tempDir();
  const script = 'cat >told; env | grep -v "^\\(PWD\\|SHLVL\\|_\\)=" | sort >env';
  expect(await tell(["sh", "-c", script], { cwd, env: { PATH, MINE: "1" } })).toBeUndefined();
  expect(readFileSync(join(cwd, "told"), "utf8")).toBe("told");
  expect(readFileSync(join(cwd, "env"), "utf8")).toBe(`MINE=1\nPATH=${PATH}\n`);
});

test("one that fails says how, and the end of what it said", async () => {
  const flood = "head -c 100000 /dev/zero | tr '\\0' x; echo";
  // All of it by one way: nobody knows the order of what comes by two.
  const script = `{ ${flood}; echo not today; } >&2; exit 3`;
  const failed = await tell(["sh", "-c", script]);
  expect(failed!.why).toBe("sh exited with 3");
  expect(failed!.said).toEndWith("x not today");
  expect((await tell(["sh", "-c", "echo not today; exit 3"]))!.said).toBe("It said: not today");
  expect(failed!.said!.length).toBeLessThan(400);
  expect(await tell(["false"])).toEqual({ why: "false exited with 1", said: undefined });
  expect((await tell(["sh", "-c", "kill -9 $$"]))!.why).toBe("sh was ended by SIGKILL");
});

test("one that is not there, may not be executed, or is no program says so", async () => {
  const cwd = tempDir();
  const [closed, strange] = [join(cwd, "closed"), join(cwd, "strange")];
  for (const file of [closed, strange]) writeFileSync(file, "nothing that runs\n");
  chmodSync(strange, 0o700);
  expect((await tell(["no-such-program"]))!.why).toContain("there is no such program");
  expect((await tell([closed]))!.why).toContain("may not be executed");
  expect((await tell([strange]))!.why).toContain("cannot be started");
});

test("no word of it is for a shell", async () => {
  const cwd = tempDir();
  const words = ["sh", "-c", 'printf "%s" "$1" >word', "sh", "$(touch bad); *"];
  expect(await tell(words, { cwd })).toBeUndefined();
  expect(readFileSync(join(cwd, "word"), "utf8")).toBe("$(touch bad); *");
  expect(readOrNothing(join(cwd, "bad"))).toBe("");
});

test("one that hangs and heeds no SIGTERM is ended after its time", async () => {
  const pidFile = join(tempDir(), "pid");
  let pid = 0;
  // On a busy machine it takes a while until it is deaf.
  for (let timeoutMs = 250; pid === 0; timeoutMs *= 2) {
    const late = await tell(["sh", join(fixtures, "deaf.sh"), pidFile], { timeoutMs });
    expect(late!.why).toBe(`sh took longer than ${writeDuration(timeoutMs)}`);
    pid = Number(readOrNothing(pidFile));
  }
  await waitUntil("it is gone", () => !exists(pid));
});

test("one that is at it when skep ends is ended", async () => {
  const pidFile = join(tempDir(), "pid");
  const over = new AbortController();
  const telling = tell(["sh", join(fixtures, "deaf.sh"), pidFile], { signal: over.signal });
  const pid = await pidIn(pidFile);
  over.abort();
  expect((await telling)!.why).toBe("sh was at it when skep ended");
  await waitUntil("it is gone", () => !exists(pid));
});

test("one that heeds SIGTERM is told to end before it is killed", async () => {
  const cwd = tempDir();
  // It hears of it at once, and not when the program that it waits for has ended.
  const script = "trap 'echo bye >said; exit' TERM; sleep 1000 & echo $$ >pid; wait";
  const over = new AbortController();
  const patient = { signal: over.signal, stopGraceMs: 200_000 };
  const telling = tell(["sh", "-c", script], { cwd, ...patient });
  await pidIn(join(cwd, "pid"));
  over.abort();
  expect((await telling)!.why).toBe("sh was at it when skep ended");
  expect(readFileSync(join(cwd, "said"), "utf8")).toBe("bye\n");
});

test("one that writes without end is ended long before that, and nothing of it is kept", async () => {
  const before = process.memoryUsage.rss();
  for (const redirected of ["", " >&2"]) {
    const failed = await tell(["sh", "-c", `exec head -c 1000000000 /dev/zero${redirected}`]);
    expect(failed!.why).toBe("sh wrote more than 1 MiB");
  }
  const flood = ["sh", join(agentFixtures, "flood.sh"), "1000000000"];
  expect((await tell(flood))!.why).toBe("sh wrote more than 1 MiB");
  expect(process.memoryUsage.rss() - before).toBeLessThan(100_000_000);
});

test("what it leaves behind holds nobody up, and is ended", async () => {
  const shelter = openShelter();
  const pidFile = join(tempDir(), "pid");
  expect(await tell(["sh", join(fixtures, "leave-a-child.sh"), pidFile])).toBeUndefined();
  const pid = await pidIn(pidFile);
  await waitUntil("it is gone", () => {
    shelter.reap();
    return !exists(pid);
  });
});

test("one that reads nothing was told as well, however much it is", async () => {
  expect(await tell(["true"], { input: "x".repeat(10_000_000) })).toBeUndefined();
});
