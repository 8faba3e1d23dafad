import type { Secret } from "../../src/core/secret.ts";
import { describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { defaultRules } from "../../src/config/environment.ts";
import { readSwarmFile } from "../../src/config/swarm-file.ts";
import { agentDefaults } from "../../src/config/swarm.ts";
import { tempDir } from "../helpers/temp-dir.ts";
import { mistakesIn, read, refusal, written } from "./swarm-files.ts";

const command = 'command = ["sh"]';

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
      after = ["planner"]
      [agents.checker]
      runner = "module"
      module = "handler.ts"
    `);
    const anySecret: Secret = expect.objectContaining({ reveal: expect.any(Function) });
    const usual = {
      ...agentDefaults,
      env: defaultRules,
      cwd: directory,
      atOnce: expect.any(Number),
    };
    const counter = {
      ...usual,
      group: "counter",
      command: [join(directory, "worker.sh"), "x y"],
      runner: "stream" as const,
      inbox: "files",
      env: ["PATH", { NAME: anySecret }],
      cwd: join(directory, "sub"),
      inFlight: 3,
      after: ["planner"],
    };
    expect(await readSwarmFile(file)).toEqual({
      name: "census",
      file,
      source: readFileSync(file),
      directory,
      topology: "flat",
      startAtOnce: 16,
      addressBook: "closed",
      startStaggerMs: 0,
      restartsMax: null,
      restartsPeriodMs: 60_000,
      agents: [
        {
          ...usual,
          name: "planner",
          group: "planner",
          command: ["bun", "planner.ts"],
          runner: "self",
          inbox: "planner",
        },
        { ...counter, name: "counter-1" },
        { ...counter, name: "counter-2" },
        {
          ...usual,
          name: "checker",
          group: "checker",
          module: join(directory, "handler.ts"),
          runner: "module",
          inbox: "checker",
        },
      ],
      startOrder: [["planner", "checker"], ["counter"]],
    });
  });
  test("says the same in TOML, YAML and JSON", async () => {
    const texts = {
      toml: 'name = "s"\n[agents.a]\ncommand = ["sh"]\ncount = 2\nlive = { beat = "1m" }\n',
      yaml: "name: s\nagents:\n  a:\n    command: [sh]\n    count: 2\n    live: {beat: 1m}\n",
      yml: "# a comment\nname: s\nagents: { a: { command: [sh], count: 2, live: {beat: 1m} } }\n",
      json: '\ufeff{"$schema": "x", "name": "s", "agents": {"a": {"command": ["sh"], "count": 2, "live": {"beat": "1m"}}}}',
    };
    const agents = await Promise.all(
      Object.entries(texts).map(async ([kind, text]) =>
        (await read(text, kind)).agents.map(({ name, inbox, live }) => [name, inbox, live]),
      ),
    );
    for (const each of agents)
      expect(each).toEqual([
        ["a-1", "a-1", { beatMs: 60_000 }],
        ["a-2", "a-2", { beatMs: 60_000 }],
      ]);
  });
  test("says how the swarm as a whole is to be", async () => {
    const whole = 'topology = "auto"\nstart_at_once = 3\nstart_stagger = "20ms"';
    const restarts = 'restarts_max = 0\nrestarts_period = "2m"';
    expect(await read(`name = "s"\n${whole}\n${restarts}\n[agents.a]\n${command}`)).toMatchObject({
      topology: "auto",
      startAtOnce: 3,
      startStaggerMs: 20,
      restartsMax: 0,
      restartsPeriodMs: 120_000,
    });
  });
});

describe("what a swarm is refused for", () => {
  test("no name, a bad name, no agents", async () => {
    expect(await mistakesIn(`[agents.a]\n${command}`)).toEqual([":1: name is missing"]);
    expect(await mistakesIn('name = "s"')).toEqual([":1: agents is missing"]);
    for (const [text, kind] of [
      ['name = "s"\n[agents]', "toml"],
      ["name: s\nagents: {}", "yaml"],
      ['{"name": "s",\n"agents": {}}', "json"],
    ] as const) {
      const { mistakes } = await refusal(read(text, kind));
      expect(mistakes).toMatchObject([
        { line: 2, key: "agents", hint: "Name at least one agent: [agents.worker]" },
      ]);
    }
    for (const none of ["[]", "5", '["a"]', "2020-01-01"])
      expect(await mistakesIn(`name = "s"\nagents = ${none}`)).toEqual([
        expect.stringMatching(/^:2: agents must be a table of agents, not /),
      ]);
    expect(await mistakesIn(`name = "s"\nagents.a = [${command.length}]`)).toEqual([
      ":2: agents.a must be a table of keys and values, not [16]",
    ]);
  });
  test("what the whole swarm cannot be", async () => {
    const wrong =
      'topology = "star"\nstart_at_once = 0\nstart_stagger = 5\nrestarts_max = -1\nrestarts_period = "1ms"';
    expect(await mistakesIn(`name = "s"\n${wrong}\n[agents.a]\n${command}`)).toEqual([
      ':2: topology must be flat, mesh, hierarchical, hybrid or auto, not "star"',
      ":3: start_at_once must be a whole number from 1 to 10000, not 0",
      ":4: start_stagger must be a duration from 0s to 7d, not 5",
      ":5: restarts_max must be a whole number from 0 to 1000000, not -1",
      ':6: restarts_period must be a duration from 1s to 7d, not "1ms"',
    ]);
  });
  test("agents whose names are none", async () => {
    for (const name of ["../x", ";drop", "", "-a", "ü", "a b", "x".repeat(65)])
      expect(await mistakesIn(`name = "s"\n[agents.${JSON.stringify(name)}]\n${command}`)).toEqual([
        expect.stringMatching(/^:2: agents\..* must be a name of 1 to 64 characters/),
      ]);
    for (const name of ["constructor", "prototype", "__proto__"]) {
      const group = `{"name":"s","agents":{"${name}":{"after": 5}}}`;
      expect(await mistakesIn(group, "json")).toEqual([
        ":1: agents cannot have a key called __proto__, constructor or prototype",
      ]);
      const key = `{"name":"s","agents":{"a":{"${name}":5, "after": 5}}}`;
      expect(await mistakesIn(key, "json")).toEqual([
        ":1: agents.a cannot have a key called __proto__, constructor or prototype",
      ]);
    }
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
