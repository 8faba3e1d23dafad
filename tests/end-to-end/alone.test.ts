// The executable by itself: no Bun, no package, no file beside it, and nothing of the directory it is called in.
import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "bun:test";
import { jsonLines } from "./json.ts";
import { places } from "./place.ts";

const place = places();

const commands = [
  "send recv ack nack extend request reply dead purge".split(" "),
  "publish subscribe unsubscribe".split(" "),
  "peek inboxes limits topics trace sql status ps health logs metrics export alerts".split(" "),
  "init up down restart pause unpause scale reap drain resume beat attach".split(" "),
  ["config", "doctor", "version"],
].flat();

test("it lies alone in its directory, and there is no Bun on PATH", () => {
  const { executable, tools } = place();
  expect(readdirSync(dirname(executable))).toEqual(["skep"]);
  expect(Bun.which("bun", { PATH: tools })).toBeNull();
  expect(Bun.which("node", { PATH: tools })).toBeNull();
});

test("a whole conversation works with an empty environment, and heeds no file of the directory", async () => {
  const { skep, cwd, traces } = place();
  // The .env files here set SKEP_HOME, SKEP_AGENT, a cap of 1 and more.
  const nothing = { SKEP_STORE_BUSY_TIMEOUT: undefined, SKEP_HOME: undefined };
  const options = { env: { PATH: undefined, HOME: undefined, ...nothing } };
  const home = join(cwd, ".skep");
  expect((await skep(["init"], options)).stdout).toBe(`${JSON.stringify({ home })}\n`);
  for (const body of ["one", "two", "three"])
    expect((await skep(["send", "a1", body], options)).status).toBe(0);
  const received = await skep(["recv", "a1", "--max", "9"], options);
  expect(jsonLines(received.stdout).map(({ from, body }) => [from, body])).toEqual([
    [null, "one"],
    [null, "two"],
    [null, "three"],
  ]);
  // SKEP_DEBUG of the .env would show a stack, and `skep` itself refuses that.
  expect((await skep(["nonsense"], options)).status).toBe(2);
  expect((await skep(["recv"], options)).status).toBe(2);
  expect(traces()).toEqual([]);
});

test("help and version work without a home and make none", async () => {
  const { skep, home, traces } = place();
  const version = await skep(["version"]);
  expect(version).toEqual({
    status: 0,
    stdout: expect.stringMatching(
      /^skep \d+\.\d+\.\d+ \(bun \d+\.\d+\.\d+, [a-z0-9]+-[a-z0-9]+\)\n$/,
    ),
    stderr: "",
  });
  expect(await skep(["--version"])).toEqual(version);
  const { stdout } = await skep(["version", "--json"]);
  expect(Object.keys(JSON.parse(stdout))).toEqual(["version", "bun", "deno", "node", "platform"]);
  for (const words of [[], ["help"], ["--help"], ["-h"]]) {
    const help = await skep(words);
    expect([help.status, help.stderr]).toEqual([0, ""]);
    for (const command of commands)
      expect(help.stdout).toMatch(new RegExp(`^ {2}${command} {2,}\\S`, "m"));
  }
  expect(existsSync(home)).toBe(false);
  expect(traces()).toEqual([]);
});

test("every command has its own help, with a line of usage, and no command of the help is missing", async () => {
  const { skep, traces } = place();
  const manuals = await Promise.all(
    commands.map(async (command) => [command, await skep(["help", command])] as const),
  );
  for (const [command, { status, stdout, stderr }] of manuals) {
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toStartWith(`skep ${command}: `);
    expect(stdout).toContain(`\nUsage: skep ${command}`);
  }
  const { stdout } = await skep(["help"]);
  const listed = [...stdout.split("Flags of every command")[0]!.matchAll(/^ {2}(\w+) /gm)];
  expect(listed.map((match) => match[1]!)).toEqual(commands);
  expect(traces()).toEqual([]);
});

test("help exit names every exit status of the design", async () => {
  const { stdout } = await place().skep(["help", "exit"]);
  const named = [...stdout.matchAll(/^ {2}(\d[\d, ]*?) {2,}/gm)].map((match) => match[1]);
  expect(named).toEqual(["0", "1", "2", "3", "4", "5", "6", "7", "8", "130, 143", "141"]);
});
