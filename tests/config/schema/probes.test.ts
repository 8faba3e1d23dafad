import { expect, test } from "bun:test";
import { read, refusal } from "../swarm-files.ts";

const refused: [lines: string, message: string, hint?: string][] = [
  ['ready = "beats"', "ready must be start, beat, { log", "Did you mean beat?"],
  ['ready = "zzzzzzzz"', "ready must be start, beat, { log"],
  ["ready = 5", "ready must be start, beat, { log"],
  ['ready = ["sh"]', "ready must be start, beat, { log"],
  ["ready = {}", "ready.log is missing", "Say what to wait for"],
  ['ready = { lgo = "x" }', "ready.lgo is not known", "Did you mean log?"],
  ['ready = { log = "" }', "ready.log must be text of one line"],
  ['ready = { log = "a\\nb" }', "ready.log must be text of one line"],
  ['ready = { command = "sh x" }', "ready.command must be a list", '["sh","x"]'],
  ["ready = { command = [] }", "ready.command must start with the program"],
  ['ready = { log = "x", command = ["sh"] }', "ready.log does not go with command"],
  ["live = {}", "live.command is missing", "Say how to look"],
  ['live = "beat"', "live must be a table of keys and values"],
  ['live = { beat = "99ms" }', "live.beat must be a duration from 100ms"],
  ['live = { beat = "1s", command = ["sh"] }', "live.beat does not go with command"],
  ['live = { beat = "1s", every = "1s" }', "live.every goes only with command"],
  ['live = { beat = "1s", timeout = "1s" }', "live.timeout goes only with command"],
  ['live = { beat = "1s", failures = 2 }', "live.failures goes only with command"],
  ['live = { command = ["sh"], every = "1ms" }', "live.every must be a duration from 100ms"],
  ['live = { command = ["sh"], timeout = "1ms" }', "live.timeout must be a duration from 10ms"],
  ['live = { command = ["sh"], failures = 0 }', "live.failures must be a whole number from 1"],
];
for (const [lines, message, hint] of refused)
  test(JSON.stringify(lines), async () => {
    const error = await refusal(read(`name = "s"\n[agents.a]\ncommand = ["sh"]\n${lines}`));
    expect(error.message).toContain(`swarm.toml:4: agents.a.${message}`);
    expect(error.mistakes).toHaveLength(1);
    expect(error.hint ?? "").toContain(hint ?? "");
  });

const stays = "which only a program that stays can give";
for (const runner of ['runner = "exec"', 'runner = "module"'])
  for (const [line, message] of [
    ['ready = "beat"', `ready waits for a beat, ${stays}`],
    ['ready = { log = "x" }', `ready waits for a line of output, ${stays}`],
    ['live = { beat = "60s" }', `live waits for beats, ${stays}`],
  ])
    test(`${line} with ${runner}`, async () => {
      const what = runner.includes("exec") ? 'command = ["sh"]' : 'module = "handler.ts"';
      const error = await refusal(read(`name = "s"\n[agents.a]\n${what}\n${runner}\n${line}`));
      expect(error.message).toEndWith(`:5: agents.a.${message}`);
      expect(error.hint).toContain('use runner = "self" or "stream"');
    });
