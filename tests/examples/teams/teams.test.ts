import { afterEach, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { dirname, join } from "node:path";
import { skepExecutable } from "../../helpers/executable.ts";
import { tempDir } from "../../helpers/temp-dir.ts";
import { waitUntil } from "../../helpers/wait-until.ts";

const examples = join(import.meta.dir, "..", "..", "..", "examples", "teams");
// A swarm of a dozen programs starts slowly on a busy machine.
setDefaultTimeout(600_000);

let executable: string;
let home: string | undefined;

beforeAll(async () => {
  executable = await skepExecutable();
}, 240_000);
afterEach(async () => {
  if (home !== undefined) await skep("down", "--timeout", "0s");
});

async function skep(
  ...words: string[]
): Promise<{ status: number; stdout: string; stderr: string }> {
  const { PATH = "", HOME = "" } = process.env;
  const env = { PATH: `${dirname(executable)}:${PATH}`, HOME, SKEP_HOME: home! };
  const child = Bun.spawn([executable, ...words], {
    cwd: examples,
    env,
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return { status: await child.exited, stdout, stderr };
}

/** A directory with `count` files of each kind, and 3 lines in each. */
async function tree(count: number): Promise<string> {
  const directory = tempDir();
  for (let n = 0; n < count; n++)
    for (const ending of ["ts", "md", "png"])
      await Bun.write(join(directory, `d${n % 7}`, `${n}.${ending}`), "1\n2\n3\n");
  return directory;
}

async function up(file: string): Promise<void> {
  home = join(tempDir(), "home");
  const { status, stderr } = await skep("up", file, "--detach");
  expect({ status, stderr }).toEqual({ status: 0, stderr: expect.any(String) });
  // How far it is it says to whoever waits for long.
  const words = stderr.replaceAll(/^\d of \d agents are ready\n/gm, "");
  expect(words).toBe(`its words go to ${join(home, "logs", "skep.log")}\n`);
}

/** The agent `wanted`, as `skep ps` has it. */
async function agent(wanted: string): Promise<{ state: string; program_pid: number }> {
  const { stdout } = await skep("ps", "--json");
  const agents = stdout.trim().split("\n");
  return agents.map((line) => JSON.parse(line)).find(({ name }) => name === wanted);
}

async function ask(lead: string, directory: string): Promise<unknown> {
  const { stdout } = await skep("request", lead, directory, "--timeout", "5m");
  return JSON.parse(JSON.parse(stdout).body);
}

test("a coordinator and its workers count what is there, also when the coordinator is killed in the middle", async () => {
  const directory = await tree(130);
  await up("hierarchical.toml");
  expect(await ask("lead", directory)).toEqual({ files: 130, lines: 390 });
  const slow = ask("lead", directory);
  process.kill((await agent("lead")).program_pid, "SIGKILL");
  expect(await slow).toEqual({ files: 130, lines: 390 });
  const stray = await skep("send", "somebody", "x", "--as", "counter-1");
  expect(stray.status).not.toBe(0);
});

test("two teams ask each other, and whichever is asked knows the whole", async () => {
  const directory = await tree(65);
  await up("hybrid.toml");
  expect(await ask("code", directory)).toEqual({ files: 130, lines: 390 });
  expect(await ask("prose", directory)).toEqual({ files: 130, lines: 390 });
  await waitUntil("nothing is left to do", async () => {
    const lines = (await skep("inboxes", "--json")).stdout.trim().split("\n");
    return lines.map((line) => JSON.parse(line)).every(({ ready, leased }) => ready + leased === 0);
  });
});

test("a coordinator that has failed for good is missed by nobody: the other one knows the whole, by either name", async () => {
  const directory = await tree(65);
  const own = tempDir();
  for (const name of ["lead.mjs", "count.sh"])
    await Bun.write(join(own, name), Bun.file(join(examples, name)));
  const hybrid = await Bun.file(join(examples, "hybrid.toml")).text();
  const file = join(own, "hybrid.toml");
  await Bun.write(file, hybrid.replace("[agents.code]", '[agents.code]\nrestart = "never"'));
  await up(file);
  process.kill((await agent("code")).program_pid, "SIGKILL");
  await waitUntil("code has failed", async () =>
    ["failed", "dead"].includes((await agent("code")).state),
  );
  expect(await ask("prose", directory)).toEqual({ files: 130, lines: 390 });
  expect(await ask("code", directory)).toEqual({ files: 130, lines: 390 });
});
