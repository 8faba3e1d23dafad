import { describe, expect, test } from "bun:test";
import { readSwarmFile } from "../../src/config/swarm-file.ts";
import { mistakesIn, refusal, written } from "./swarm-files.ts";

describe("every mistake is told at once, with its line, in the order of the file", () => {
  const all = [
    ":1: name must be a name of 1 to 64 characters, not 5",
    ":2: topologi is not known",
    ":3: size is not known",
    ":5: agents.a.comand is not known",
    ":6: agents.a.count must be a whole number from 1 to 10000, not 0",
    ":7: agents.a.after.0 names c, which is no group of this file",
    ':9: agents.b.command must be a list: the program, then its arguments, not "sh"',
    ":10: agents.b.live.evry is not known",
    ':11: agents.b.restart_max does not go with restart = "never"',
    ":12: agents.b.cwd names",
  ];
  const texts = {
    toml: `name = 5
topologi = "flat"
size = 5
[agents.a]
comand = ["sh"]
count = 0
after = ["c"]
[agents.b]
command = "sh"
live = { command = ["true"], evry = "1s" }
restart_max = 3
cwd = "nope"
restart = "never"
`,
    yaml: `name: 5
topologi: flat
size: 5
agents: { a: {
  comand: [sh],
  count: 0,
  after: [c]},
 b: {
  command: sh,
  live: {command: ["true"], evry: 1s},
  restart_max: 3,
  cwd: nope,
  restart: never}}
`,
    json: `{"name": 5,
"topologi": "flat",
"size": 5,
"agents": {"a": {
  "comand": ["sh"],
  "count": 0,
  "after": ["c"]},
 "b": {
  "command": "sh",
  "live": {"command": ["true"], "evry": "1s"},
  "restart_max": 3,
  "cwd": "nope",
  "restart": "never"}}}
`,
  };
  for (const [kind, text] of Object.entries(texts))
    test(kind, async () => {
      const found = await mistakesIn(text, kind);
      expect(found.map((each) => each.replace(/(cwd names).*/, "$1"))).toEqual(all);
    });

  test("with what to do about each, and as values", async () => {
    const { file } = written(
      `name = "s"\ntopology = "mehs"\n[agents.a]\ncommand = ["sh"]\ncuont = 2`,
    );
    const error = await refusal(readSwarmFile(file));
    expect(error.message).toBe(
      `${file} has 2 mistakes
${file}:2: topology must be flat, mesh, hierarchical, hybrid or auto, not "mehs"
  Did you mean mesh?
${file}:5: agents.a.cuont is not known
  Did you mean count?`,
    );
    expect(error.mistakes).toEqual([
      expect.objectContaining({ file, line: 2, key: "topology", hint: "Did you mean mesh?" }),
      expect.objectContaining({ file, line: 5, key: "agents.a.cuont" }),
    ]);
  });
  test("what is missing is told at the table that it is missing in", async () => {
    expect(await mistakesIn(`\n[agents.a]\n\n[agents.b]\ncommand = ["sh"]`)).toEqual([
      ":1: name is missing",
      ":2: agents.a.command is missing",
    ]);
  });
});
