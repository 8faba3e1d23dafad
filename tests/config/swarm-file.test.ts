import { describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { defaultRules } from "../../src/config/environment.ts";
import { readSwarmFile } from "../../src/config/swarm-file.ts";
import { SkepError } from "../../src/core/errors.ts";
import { tempDir } from "../helpers/temp-dir.ts";

/** A directory with a swarm file of that kind in it, and what the file may name. */
function written(text: string | Uint8Array, kind = "toml") {
  const directory = tempDir();
  mkdirSync(join(directory, "sub"));
  for (const name of ["worker.sh", "handler.ts"]) writeFileSync(join(directory, name), "");
  const file = join(directory, `swarm.${kind}`);
  writeFileSync(file, text);
  return { directory, file };
}

const read = (text: string | Uint8Array, kind?: string) => readSwarmFile(written(text, kind).file);
const readAgent = async (lines: string) => {
  const { agents } = await read(`name = "s"\n[agents.a]\n${lines}`);
  return agents[0]!;
};

describe("a swarm file", () => {
  test("names agents with everything they need, those with a count one by one", async () => {
    const { file, directory } = written(`
      name = "census"
      [agents.planner]
      command = ["bun", "planner.ts"]
      [agents.counter]
      command = ["./worker.sh", "x y"]
      runner = "stream"
      inbox = "files"
      count = 2
      env = ["PATH", { NAME = "value" }]
      in_flight = 3
      cwd = "sub"
      [agents.checker]
      runner = "module"
      module = "handler.ts"
    `);
    const counter = {
      group: "counter",
      command: [join(directory, "worker.sh"), "x y"],
      runner: "stream" as const,
      inbox: "files",
      env: ["PATH", { NAME: "value" }],
      cwd: join(directory, "sub"),
      inFlight: 3,
    };
    expect(await readSwarmFile(file)).toEqual({
      name: "census",
      file,
      directory,
      agents: [
        {
          name: "planner",
          group: "planner",
          command: ["bun", "planner.ts"],
          runner: "self",
          inbox: "planner",
          env: defaultRules,
          cwd: directory,
          inFlight: 1,
        },
        { name: "counter-1", ...counter },
        { name: "counter-2", ...counter },
        {
          name: "checker",
          group: "checker",
          module: join(directory, "handler.ts"),
          runner: "module",
          inbox: "checker",
          env: defaultRules,
          cwd: directory,
          inFlight: 1,
        },
      ],
    });
  });
  test("says the same in TOML, YAML and JSON", async () => {
    const texts = {
      toml: 'name = "s"\n[agents.a]\ncommand = ["sh"]\ncount = 2\n',
      yaml: "name: s\nagents:\n  a:\n    command: [sh]\n    count: 2\n",
      yml: "# a comment\nname: s\nagents: { a: { command: [sh], count: 2 } }\n",
      json: '\ufeff{"$schema": "x", "name": "s", "agents": {"a": {"command": ["sh"], "count": 2}}}',
    };
    const agents = await Promise.all(
      Object.entries(texts).map(async ([kind, text]) =>
        (await read(text, kind)).agents.map(({ name, command, inbox }) => [name, command, inbox]),
      ),
    );
    for (const each of agents)
      expect(each).toEqual([
        ["a-1", ["sh"], "a-1"],
        ["a-2", ["sh"], "a-2"],
      ]);
  });
  test("may give a count of one, which is counted too", async () => {
    expect((await readAgent('command = ["sh"]\ncount = 1')).name).toBe("a-1");
  });
  test("leaves a bare program to PATH, and a path as it is when it is absolute", async () => {
    expect((await readAgent('command = ["sh"]')).command).toEqual(["sh"]);
    expect((await readAgent('command = ["/bin/sh"]')).command).toEqual(["/bin/sh"]);
  });
  test("may allow nothing of the environment", async () => {
    expect((await readAgent('command = ["sh"]\nenv = []')).env).toEqual([]);
  });
});

describe("what an agent is refused for, by its key", () => {
  const refused: [lines: string, message: string, hint?: string][] = [
    ["", ": agents.a.command is missing", "command = ["],
    ['comand = ["sh"]', ": agents.a.comand is not known", "Did you mean command?"],
    ['command = ["sh"]\nrestart = "always"', ": agents.a.restart is not known"],
    [
      'command = "sh worker.sh"',
      ': agents.a.command must be a list: the program, then its arguments, not "sh worker.sh"',
      'Write it as a list: command = ["sh","worker.sh"]',
    ],
    ["command = []", ": agents.a.command must start with the program to run"],
    ['command = [""]', ": agents.a.command must start with the program to run"],
    ['command = ["sh", 5]', ": agents.a.command.1 must be text, not 5"],
    ['command = ["sh", "a\\u0000b"]', ": agents.a.command.1 must be text without NUL"],
    ['command = ["./nope.sh"]', ": agents.a.command: there is no file /", "relative to"],
    ['command = ["./sub"]', ": agents.a.command: /"],
    ['command = ["sh"]\ncount = 0', ": agents.a.count must be a whole number from 1 to 10000"],
    ['command = ["sh"]\ncount = 10001', ": agents.a.count must be a whole number"],
    [
      'command = ["sh"]\ncount = "2"',
      ': agents.a.count must be a whole number from 1 to 10000, not "2"',
    ],
    [
      'command = ["sh"]\nrunner = "exce"',
      ': agents.a.runner must be exec, stream, self or module, not "exce"',
      "Did you mean exec?",
    ],
    [
      'command = ["sh"]\ninbox = "../x"',
      ': agents.a.inbox must be a name of 1 to 64 characters, not "../x"',
    ],
    ['command = ["sh"]\nin_flight = 2', ': agents.a.in_flight goes only with runner = "stream"'],
    ['command = ["sh"]\ncwd = "nope"', ": agents.a.cwd: there is no directory /"],
    ['command = ["sh"]\ncwd = "worker.sh"', ": agents.a.cwd: /"],
    [
      'command = ["sh"]\nmodule = "handler.ts"',
      ': agents.a.module goes only with runner = "module"',
    ],
    ['runner = "module"', ": agents.a.module is missing"],
    ['runner = "module"\nmodule = "nope.ts"', ": agents.a.module: there is no file /"],
    [
      'runner = "module"\nmodule = "handler.ts"\ncommand = ["sh"]',
      ": agents.a.command does not go with",
    ],
    ['command = ["sh"]\nenv = "PATH"', ": agents.a.env must be a list"],
    [
      'command = ["sh"]\nenv = ["A=b"]',
      ": agents.a.env.0 must be the name of an environment variable",
    ],
    ['command = ["sh"]\nenv = [{ PORT = 80 }]', ": agents.a.env.0 must be a name to pass on, or {"],
    ['command = ["sh"]\nenv = [{ "A B" = "x" }]', ": agents.a.env.0"],
    [
      'command = ["sh"]\nenv = ["BUN_OPTIONS"]',
      ": agents.a.env.0 changes how programs run",
      "Set it",
    ],
  ];
  for (const [lines, message, hint] of refused)
    test(JSON.stringify(lines), async () => {
      const { file } = written(`name = "s"\n[agents.a]\n${lines}`);
      const error = await refusal(readSwarmFile(file));
      expect(error.message).toStartWith(file + message);
      expect(error.hint ?? "").toContain(hint ?? "");
    });
});

describe("what a swarm is refused for", () => {
  const command = 'command = ["sh"]';

  test("no name, a bad name, no agents", async () => {
    const message = async (text: string) => (await refusal(read(text))).message;
    expect(await message(`[agents.a]\n${command}`)).toContain(": name is missing");
    expect(await message(`name = "a b"\n[agents.a]\n${command}`)).toContain(
      ": name must be a name",
    );
    expect(await message('name = "s"')).toContain(": agents is missing");
    expect(await message('name = "s"\n[agents]')).toContain(": agents is empty");
    expect(await message('name = "s"\nagents = []')).toContain(
      ": agents must be a table of agents",
    );
    expect(await message('nmae = "s"\n[agents]')).toContain(": nmae is not known");
  });
  test("agents whose names are none", async () => {
    for (const name of ["../x", ";drop", "", "-a", "ü", "a b", "x".repeat(65)])
      expect(
        (await refusal(read(`name = "s"\n[agents.${JSON.stringify(name)}]\n${command}`))).message,
      ).toMatch(/: agents\..* must be a name of 1 to 64 characters/);
    for (const name of ["constructor", "prototype", "__proto__"])
      expect(
        (await refusal(read(`{"name":"s","agents":{"${name}":{"command":["sh"]}}}`, "json")))
          .message,
      ).toContain("agents cannot have an agent called");
  });
  test("agents whose names get too long by their number", async () => {
    const name = "x".repeat(62);
    const { agents } = await read(`name = "s"\n[agents.${name}]\n${command}\ncount = 9`);
    expect(agents.at(-1)!.name).toHaveLength(64);
    const error = await refusal(read(`name = "s"\n[agents.${name}]\n${command}\ncount = 10`));
    expect(error.message).toContain(`gives an agent the name ${name}-10, which has 65 characters`);
  });
  test("two agents of one name", async () => {
    const error = await refusal(
      read(`name = "s"\n[agents.a]\n${command}\ncount = 2\n[agents.a-2]\n${command}`),
    );
    expect(error.message).toContain("agents.a-2 makes a second agent called a-2, beside that of a");
  });
  test("mistakes of the language, with their line", async () => {
    const message = async (text: string, kind: string) => {
      const { file } = written(text, kind);
      return (await refusal(readSwarmFile(file))).message.replace(file, "");
    };
    expect(await message('name = "s"\nagents = {', "toml")).toMatch(/^:2 is not valid TOML: /);
    expect(await message("name: s\nagents: {a: [}", "yaml")).toMatch(/^:2 is not valid YAML: /);
    expect(await message("name: s\nname: t", "yaml")).toMatch(/^:2 is not valid YAML: .*unique/);
    expect(await message("name: *nobody", "yaml")).toMatch(/^(:1)? is not valid YAML: /);
    expect(await message('{"name": "s",\n "agents": {]}', "json")).toMatch(
      /^:2 is not valid JSON: /,
    );
    expect(await message('{"name": "s",\n"name": "t"}', "json")).toMatch(/^:2 is not valid JSON: /);
    expect(await message('{"name": "s",}', "json")).toMatch(/ is not valid JSON: /);
    expect(await message("", "json")).toMatch(/ is not valid JSON: /);
  });
  test("in YAML and JSON, with the line of the key as well", async () => {
    const yaml = "name: s\nagents:\n  a:\n    command: [sh]\n    count: 0\n";
    expect((await refusal(read(yaml, "yaml"))).message).toContain("swarm.yaml:5: agents.a.count");
    const json = '{"name": "s",\n"agents": {\n"a": {"command": "sh"}}}';
    expect((await refusal(read(json, "json"))).message).toContain("swarm.json:3: agents.a.command");
  });
  test("an alias that unfolds into gigabytes", async () => {
    const levels = "abcdefghi".split("");
    const bomb = levels
      .map(
        (level, i) =>
          `${level}: &${level} [${Array(9)
            .fill(i ? `*${levels[i - 1]}` : "x")
            .join(",")}]`,
      )
      .join("\n");
    expect((await refusal(read(bomb, "yaml"))).message).toContain("is not valid YAML");
  });
  test("a file that is not there, not a file, of another kind, not text or far too large", async () => {
    const directory = tempDir();
    const message = async (file: string) => (await refusal(readSwarmFile(file))).message;
    expect(await message(join(directory, "nope.toml"))).toStartWith("there is no file /");
    mkdirSync(join(directory, "d.toml"));
    expect(await message(join(directory, "d.toml"))).toEndWith("is not a file");
    expect(await message(written("", "ini").file)).toEndWith("is not a swarm file by its name");
    expect(await message(written(Uint8Array.of(0xff)).file)).toEndWith("is not UTF-8 text");
    expect(await message(written("#".repeat(4 * 1024 * 1024 + 1)).file)).toEndWith(
      "larger than 4 MiB",
    );
    expect(await message(written("", "yaml").file)).toContain("must be a table");
  });
});

async function refusal(promise: Promise<unknown>): Promise<SkepError> {
  try {
    await promise;
  } catch (error) {
    if (!(error instanceof SkepError)) throw error;
    expect(error.code).toBe("E_CONFIG");
    return error;
  }
  throw new Error("nothing was refused");
}
