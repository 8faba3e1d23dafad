import { describe, expect, test } from "bun:test";
import { readSwarmFile } from "../../src/config/swarm-file.ts";
import { read, refusal, written } from "./swarm-files.ts";

describe("what is refused before it is looked into", () => {
  test("mistakes of the language, with their line", async () => {
    const message = async (text: string, kind: string) => {
      const { file } = written(text, kind);
      return (await refusal(readSwarmFile(file))).message.replace(file, "");
    };
    expect(await message('name = "s"\nagents = {', "toml")).toMatch(/^:2 is not valid TOML: /);
    expect(await message(`name = "s"\n[agents.a]\n[agents.a]`, "toml")).toBe(
      ":3 is not valid TOML: agents.a is there twice",
    );
    expect(await message(`name = "s"\nname = "t"`, "toml")).toBe(
      ":2 is not valid TOML: name is there twice",
    );
    expect(await message('env = { A = "x", A = "y" }', "toml")).toBe(
      ":1 is not valid TOML: a key is there twice",
    );
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
  test("a value that is none is not shown: it may be a secret that lacks its quotes", async () => {
    const message = async (text: string, kind: string) => {
      const { file } = written(text, kind);
      return (await refusal(readSwarmFile(file))).message.replace(file, "");
    };
    for (const value of [
      "hunter2",
      "!hunter2",
      "*hunter2",
      "hunter2:x",
      "&hunter2 *x",
      "h@hunter2",
    ])
      for (const [text, kind] of [
        [`{"name": "s",\n "agents": {"a": {"env": [{"KEY": ${value}}]}}}`, "json"],
        [`name: s\nagents:\n  a:\n    command: [sh]\n    env: [{KEY: ${value}, "A B": x}]`, "yaml"],
        [`name = "s"\n[agents.a]\nenv = [{ KEY = ${value} }]`, "toml"],
      ] as const)
        expect(await message(text, kind)).not.toContain("hunter2");
    expect(await message('{"name": "s",\n "agents": hunter2}', "json")).toBe(
      ":2 is not valid JSON: a value is neither a number, true, false, null nor in double quotes",
    );
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
});
