import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, setDefaultTimeout, test } from "bun:test";
import { newSkep } from "../../helpers/skep.ts";
import { tempDir } from "../../helpers/temp-dir.ts";

// Processes start slowly on a busy machine.
setDefaultTimeout(240_000);

/** A directory with a swarm file in it, and `skep up --check` for that. */
function checking(text: string, kind = "toml") {
  const directory = tempDir();
  const file = join(directory, `swarm.${kind}`);
  writeFileSync(file, text);
  const home = join(directory, "home");
  const skep = newSkep();
  return {
    file,
    home,
    check: (words: string[] = [], env: Record<string, string> = {}) =>
      skep(["up", "--check", file, ...words], "", { SKEP_HOME: home, ...env }),
    up: (words: string[] = []) => skep(["up", file, ...words], "", { SKEP_HOME: home }),
  };
}

const good = 'name = "s"\n[agents.a]\ncommand = ["sh"]\ncount = 2\n';

test("--check says what would run, and makes nothing", async () => {
  const { file, home, check } = checking(good);
  const { status, stdout, stderr } = await check();
  expect([status, stderr]).toEqual([0, ""]);
  expect(stdout).toBe(`s: 2 agents in 1 group; flat (anybody writes to anybody); 16 started at once
STEP  GROUP  AGENTS  NAMES       RUNNER  INBOX    POOL  AFTER
1     a      2       a-1 to a-2  self    its own  -     -
`);
  const json = await check(["--json"]);
  expect(json.stdout.split("\n")).toHaveLength(2);
  expect(JSON.parse(json.stdout)).toMatchObject({ name: "s", file, agents: 2 });
  expect(existsSync(home)).toBe(false);
  expect(readdirSync(join(file, ".."))).toEqual(["swarm.toml"]);
});

test("--check wants no home that fits, but settings that do", async () => {
  const { file, check } = checking(good);
  expect((await check([], { SKEP_HOME: join(file, "no", "home") })).status).toBe(0);
  expect((await check([], { SKEP_BUS_LEASE: "soon" })).status).toBe(2);
  const most = await check([], { SKEP_AGENTS_COUNT_MAX: "1" });
  expect(most.status).toBe(2);
  expect(most.stderr).toContain("agents has 2 agents in all; agents.count_max allows 1\n");
});

const wrong = {
  toml: 'name = "s"\n[agents.a]\ncommand = ["sh"]\ncuont = 2\nafter = ["b"]\n[agents.b]\ncommand = ["no-such-program"]\nafter = ["a"]\n',
  yaml: "name: s\nagents: {a: {\n command: [sh],\n cuont: 2,\n after: [b]},\n b: {\n command: [no-such-program],\n after: [a]}}\n",
  json: '{"name": "s", "agents": {"a": {\n\n"command": ["sh"],\n"cuont": 2,\n"after": ["b"]},\n"b": {\n"command": ["no-such-program"],\n"after": ["a"]}}}\n',
};
for (const [kind, text] of Object.entries(wrong))
  test(`--check lists every mistake in ${kind} with its line, and exits 2`, async () => {
    const { file, home, check } = checking(text, kind);
    const { status, stdout, stderr } = await check([], { PATH: "/usr/bin:/bin" });
    expect([status, stdout]).toEqual([2, ""]);
    const lines = stderr.replaceAll(`${file}:`, "").split("\n");
    expect(lines.map((line) => line.replace(/Looked in .*/, "Looked in"))).toEqual([
      `skep: ${file} has 3 mistakes`,
      "  4: agents.a.cuont is not known",
      "    Did you mean count?",
      "  5: agents.a.after makes a ring: a after b after a",
      "    Take one of them out; in a ring nobody can be the first to start.",
      "  7: agents.b.command names no-such-program, which is in no directory of the agent's PATH",
      "    Looked in",
      "",
    ]);
    const { error } = JSON.parse((await check(["--json"])).stderr);
    expect(error).toMatchObject({
      code: "E_CONFIG",
      mistakes: [
        { file, line: 4, key: "agents.a.cuont", hint: "Did you mean count?" },
        { file, line: 5, key: "agents.a.after" },
        { file, line: 7, key: "agents.b.command" },
      ],
    });
    expect(existsSync(home)).toBe(false);
  });

test("up itself refuses such a file before anything is made", async () => {
  const { home, up } = checking(wrong.toml);
  const { status, stderr } = await up();
  expect(status).toBe(2);
  expect(stderr).toContain("has 3 mistakes");
  expect(existsSync(home)).toBe(false);
});

test("a bare program is looked for on the PATH that its agent gets, skep's own directory first", async () => {
  const own = (env: string) => `name = "s"\n[agents.a]\ncommand = ["sh"]\nenv = ${env}\n`;
  expect((await checking(own("[]")).check([], { PATH: "/nowhere" })).status).toBe(0);
  const gone = await checking(own('["PATH"]')).check([], { PATH: "/nowhere" });
  expect(gone.status).toBe(2);
  expect(gone.stderr).toMatch(/\n {2}Looked in \/[^ ]+, \/nowhere\.\n$/);
  expect((await checking(own('[{ PATH = "/bin" }]')).check([], { PATH: "/nowhere" })).status).toBe(
    0,
  );
});
