import { expect, test } from "bun:test";
import { defaultRules } from "../../../src/config/environment.ts";
import { readAgent, read, refusal, revealed } from "../swarm-files.ts";

test("an agent may be allowed nothing of the environment, some of it, or what is usual", async () => {
  const env = async (line: string) => revealed((await readAgent(`command = ["sh"]\n${line}`)).env);
  expect(await env("env = []")).toEqual([]);
  expect(await env('env = ["PATH", { A = "", B = "x y" }]')).toEqual(["PATH", { A: "", B: "x y" }]);
  expect(await env('env = [{ BUN_OPTIONS = "--smol" }]')).toEqual([{ BUN_OPTIONS: "--smol" }]);
  expect(await env("")).toEqual([...defaultRules]);
});

test("what is set is shown to nobody, not where it is wrong either", async () => {
  const own = 'command = ["sh"]\nenv = [{ KEY = "hunter2" }]';
  expect(JSON.stringify(await readAgent(own))).not.toContain("hunter2");
  const mixed = own.replace("}", ', "A B" = "hunter2", PORT = 80 }').replace("count", "cuont");
  const { message } = await refusal(read(`name = "s"\n[agents.a]\n${mixed}`));
  expect(message).toContain("agents.a.env.0");
  expect(message).not.toContain("hunter2");
});

const refused: [env: string, message: string, hint?: string][] = [
  ['"PATH"', "env must be a list"],
  ['["A=b"]', "env.0 must be the name of an environment variable"],
  ["[{ PORT = 80 }]", "env.0 must be a name to pass on, or {"],
  ['["A", { "A B" = "x" }]', "env.1"],
  ['["BUN_OPTIONS"]', "env.0 changes how programs run", "Set it"],
  ['["NODE_OPTIONS"]', "env.0 changes how programs run", "Set it"],
];
for (const [env, message, hint] of refused)
  test(env, async () => {
    const error = await refusal(read(`name = "s"\n[agents.a]\ncommand = ["sh"]\nenv = ${env}`));
    expect(error.message).toContain(`swarm.toml:4: agents.a.${message}`);
    expect(error.hint ?? "").toContain(hint ?? "");
  });
