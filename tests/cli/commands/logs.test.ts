import { expect, test } from "bun:test";
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { newSkep } from "../../helpers/skep.ts";
import { tempDir } from "../../helpers/temp-dir.ts";
import { waitUntil } from "../../helpers/wait-until.ts";
import { swarmPlaces } from "../../agents/swarm-place.ts";

const newPlace = swarmPlaces();

/** `skep` in a home where these logs lie, from swarms of earlier days. */
function oldHome(logs: Record<string, string>) {
  const home = tempDir();
  mkdirSync(join(home, "logs"));
  for (const [name, text] of Object.entries(logs))
    writeFileSync(join(home, "logs", `${name}.log`), text);
  const skep = newSkep();
  return (...words: string[]) => skep(words, "", { SKEP_HOME: home });
}

test("old logs can be read when no swarm runs", async () => {
  const skep = oldHome({ ada: "1\n2\n3\n" });
  expect(await skep("logs")).toEqual({
    status: 0,
    stdout: "ada | 1\nada | 2\nada | 3\n",
    stderr: "",
  });
  expect((await skep("logs", "ada", "--lines", "2")).stdout).toBe("2\n3\n");
  expect((await skep("logs", "ada", "--lines", "1", "--json")).stdout).toBe(
    '{"agent":"ada","text":"3"}\n',
  );
});

test("there may be nothing, or nobody", async () => {
  const skep = oldHome({});
  expect(await skep("logs")).toEqual({
    status: 0,
    stdout: "",
    stderr: "nothing was written yet\n",
  });
  const { status, stderr } = await oldHome({ ada: "x\n" })("logs", "ade");
  expect([status, stderr]).toEqual([
    3,
    "skep: there is no agent ade, and no log of one\n  Did you mean ada?\n",
  ]);
});

test("what drives a terminal is shown as an escape, colours and the like are left out, and --raw leaves all", async () => {
  const evil =
    "\u001b[?25l\r\u001b[1;32mgreen\u001b(B\u001b[m\u001b[K \u001b]0;title\u0007\u001b[2J\u202e\r";
  const skep = oldHome({ ada: `${evil}\n` });
  expect((await skep("logs")).stdout).toBe("ada | green \\u001b]0;title\\u0007\\u001b[2J\\u202e\n");
  expect((await skep("logs", "ada", "--raw")).stdout).toBe(`${evil}\n`);
  expect(JSON.parse((await skep("logs", "ada", "--json")).stdout)).toEqual({
    agent: "ada",
    text: evil,
  });
});

test("a line that never ends is cut for people, and whole for programs", async () => {
  const skep = oldHome({ ada: `${"x".repeat(30_000)}\n` });
  const { stdout } = await skep("logs", "ada");
  expect(stdout).toMatch(/^x{9999}… \(20000 characters more; --raw or --json shows them\)\n$/);
  expect((await skep("logs", "ada", "--raw")).stdout).toHaveLength(30_001);
});

test("what is written over stands after what stood there, and asked for no lines it says nothing", async () => {
  const skep = oldHome({ ada: "10 %\r20 %\r\r30 %\r\n" });
  expect((await skep("logs", "ada")).stdout).toBe("10 % 20 % 30 %\n");
  expect(await skep("logs", "ada", "--lines", "0")).toEqual({ status: 0, stdout: "", stderr: "" });
});

test("names have colours on a terminal, and nowhere else", async () => {
  const place = await newPlace();
  mkdirSync(join(place.home, "logs"));
  for (const name of ["ada", "bo"])
    writeFileSync(join(place.home, "logs", `${name}.log`), `${name} says\u001b[2J\n`);
  const shown = async (env: Record<string, string>) => {
    let text = "";
    const child = Bun.spawn([place.executable, "logs", "--home", place.home], {
      env: { PATH: "/usr/bin:/bin", TERM: "xterm", ...env },
      terminal: { data: (_, bytes) => void (text += Buffer.from(bytes).toString()) },
    });
    await child.exited;
    // What it wrote at last may come later than its end.
    await waitUntil("both lines are seen", () => text.split("\r\n").length > 2);
    child.terminal?.close();
    return text.split("\r\n");
  };
  const lines = await shown({});
  for (const name of ["ada", "bo"])
    expect(lines.map((line) => line.slice(5))).toContain(
      `${name.padEnd(lines[0]!.indexOf(" | ") - 5)} | \u001b[0m${name} says\\u001b[2J`,
    );
  expect(new Set(lines.slice(0, 2).map((line) => line.slice(0, 5))).size).toBe(2);
  expect((await shown({ NO_COLOR: "1" }))[0]).not.toContain("\u001b");
});

test("a swarm is followed until Ctrl-C, with what its agents write, and those that come later", async () => {
  const place = await newPlace();
  const talk = (text: string) => ({ command: ["sh", "-c", `echo ${text}; exec sleep 1000`] });
  const up = place.up({ a: talk("here"), b: { ...talk("there"), count: 1 } });
  await place.becomes("a", "ready");
  let heard = "";
  const logs = Bun.spawn([place.executable, "logs", "-f", "--home", place.home], {
    env: { PATH: "/usr/bin:/bin" },
    stdout: "pipe",
    stderr: "pipe",
  });
  const reading = (async () => {
    for await (const chunk of logs.stdout) heard += Buffer.from(chunk).toString();
  })();
  const has = (line: string) => waitUntil(line, () => heard.includes(`${line}\n`));
  await has("a   | here");
  await has("b-1 | there");
  expect((await place.skep(["scale", "b", "2"])).status).toBe(0);
  await has("b-2 | there");
  appendFileSync(join(place.home, "logs", "a.log"), "more\n");
  await has("a   | more");
  logs.kill("SIGINT");
  await reading;
  expect([await logs.exited, await logs.stderr.text()]).toEqual([130, ""]);
  up.kill("SIGTERM");
  await up.ended;
});
