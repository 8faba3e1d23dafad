import { describe, expect, test } from "bun:test";
import { readAgent, read, refusal, written } from "../swarm-files.ts";
import { readSwarmFile } from "../../../src/config/swarm-file.ts";

const exec = 'command = ["sh"]\nrunner = "exec"';
const stream = 'command = ["sh"]\nrunner = "stream"';
const self = 'command = ["sh"]';
const module = 'module = "handler.ts"\nrunner = "module"';

describe("keys of a group that go together", () => {
  const accepted: [lines: string, spec: object][] = [
    [`${self}\nterminal = true`, { terminal: true }],
    [`${exec}\nterminal = false\npool = false`, { terminal: false, pool: 0 }],
    [`${self}\npool = false`, { pool: 0 }],
    [`${exec}\ncount = 3\npool = 2\nat_once = 5`, { pool: 2, atOnce: 5 }],
    [`${stream}\ncount = 3\npool = 2\nspare = 0`, { pool: 2, spare: 0 }],
    [`${module}\ncount = 3\npool = 1`, { pool: 1 }],
    [`${stream}\nready = "beat"\nlive = { beat = "60s" }`, { ready: "beat" }],
    [`${exec}\nready = "start"`, { ready: "start" }],
    [`${module}\nready = { command = ["true"] }`, { ready: { command: ["true"] } }],
    [`${self}\nsuccess_exit_codes = [0, 3]`, { successExitCodes: [0, 3] }],
    [`${self}\nsuccess_exit_codes = []`, { successExitCodes: [] }],
    [`${self}\nbackoff_min = "60s"`, { backoffMinMs: 60_000, backoffMaxMs: 60_000 }],
    [`${self}\nbackoff_min = "2m"\nbackoff_max = "2m"`, { backoffMinMs: 120_000 }],
    [`${self}\nrestart = "always"\nrestart_max = 0`, { restart: "always", restartMax: 0 }],
    [`${self}\nrestart = "never"\nsuccess_exit_codes = [1]`, { restart: "never" }],
  ];
  for (const [lines, spec] of accepted)
    test(JSON.stringify(lines), async () => {
      expect(await readAgent(lines)).toMatchObject(spec);
    });
});

describe("what a group is refused for, by its key", () => {
  const refused: [lines: string, message: string, hint?: string][] = [
    ["", ":2: agents.a.command is missing", "command = ["],
    ['comand = ["sh"]', ":3: agents.a.comand is not known", "Did you mean command?"],
    [`${self}\nrestrat = "always"`, ":4: agents.a.restrat is not known", "Did you mean restart?"],
    [`${self}\ntoString = 1`, ":4: agents.a.toString is not known", "Known here: runner, command"],
    [
      'command = "sh worker.sh"',
      ':3: agents.a.command must be a list: the program, then its arguments, not "sh worker.sh"',
      'Write it as a list: command = ["sh","worker.sh"]',
    ],
    ["command = []", ":3: agents.a.command must start with the program to run"],
    ['command = [""]', ":3: agents.a.command must start with the program to run"],
    ['command = ["sh", 5]', ":3: agents.a.command.1 must be text, not 5"],
    ['command = ["sh", "a\\u0000b"]', ":3: agents.a.command.1 must be text without NUL"],
    [
      `${self}\ncount = 0`,
      ":4: agents.a.count must be a whole number from 1 to 10000, not 0",
      "leave the group out",
    ],
    [`${self}\ncount = 10001`, ":4: agents.a.count must be a whole number from 1 to 10000"],
    [`${self}\ncount = -1`, ":4: agents.a.count must be a whole number"],
    [`${self}\ncount = 1.5`, ":4: agents.a.count must be a whole number"],
    [`${self}\ncount = "2"`, ':4: agents.a.count must be a whole number from 1 to 10000, not "2"'],
    [`${self}\nnames = "a{n}"`, ":4: agents.a.names goes only with a count"],
    [
      `${self}\ncount = 2\nnames = "a"`,
      ":5: agents.a.names must have {n} in it once",
      "worker-{n}",
    ],
    [`${self}\ncount = 2\nnames = "{n}{n}"`, ":5: agents.a.names must have {n} in it once"],
    [`${self}\ncount = 2\nnames = "a{n:0}"`, ":5: agents.a.names must have {n} in it once"],
    [`${self}\ncount = 2\nnames = "${"x".repeat(97)}{n}"`, ":5: agents.a.names must be shorter"],
    [
      'command = ["sh"]\nrunner = "exce"',
      ':4: agents.a.runner must be exec, stream, self or module, not "exce"',
      "Did you mean exec?",
    ],
    [
      `${self}\ninbox = "../x"`,
      ':4: agents.a.inbox must be a name of 1 to 64 characters, not "../x"',
    ],
    [`${self}\nin_flight = 2`, ':4: agents.a.in_flight goes only with runner = "stream"'],
    [`${self}\nmodule = "handler.ts"`, ':4: agents.a.module goes only with runner = "module"'],
    ['runner = "module"', ":2: agents.a.module is missing", "handle"],
    [`${module}\ncommand = ["sh"]`, ':5: agents.a.command does not go with runner = "module"'],
    [`${exec}\nterminal = true`, ':5: agents.a.terminal goes only with runner = "self"'],
    [`${self}\nterminal = "yes"`, ":4: agents.a.terminal must be true or false"],
    [`${self}\npool = true`, ':4: agents.a.pool goes only with runner = "exec"', "it is self"],
    [`${exec}\npool = 0`, ":5: agents.a.pool must be true, false or a whole number from 1 to 1000"],
    [`${exec}\nat_once = 2`, ':5: agents.a.at_once goes only with a pool and runner = "exec"'],
    [`${stream}\npool = 2\nat_once = 2`, ":6: agents.a.at_once goes only with a pool and runner"],
    [`${stream}\nspare = 2`, ':5: agents.a.spare goes only with a pool and runner = "stream"'],
    [`${exec}\npool = true\nspare = 2`, ":6: agents.a.spare goes only with a pool and runner"],
    ...['ready = "beat"', 'live = { beat = "9s" }'].map((line): [string, string] => [
      `${stream}\npool = true\nspare = 2\n${line}`,
      ":6: agents.a.spare does not go with beats",
    ]),
    [`${self}\nafter = "b"`, ":4: agents.a.after must be a list of groups"],
    [`${self}\nrestart = "no"`, ":4: agents.a.restart must be on-failure, always or never"],
    [`${self}\nrestart_max = -1`, ":4: agents.a.restart_max must be a whole number from 0"],
    [`${self}\nrestart_period = "10ms"`, ":4: agents.a.restart_period must be a duration from 1s"],
    [`${self}\nbackoff_min = "999ms"`, ":4: agents.a.backoff_min must be a duration from 1s"],
    [`${self}\nbackoff_min = "2m"`, ":4: agents.a.backoff_min is longer than backoff_max", "60s"],
    [`${self}\nsuccess_exit_codes = 0`, ":4: agents.a.success_exit_codes must be a list"],
    [`${self}\nsuccess_exit_codes = [256]`, ":4: agents.a.success_exit_codes.0 must be a whole"],
    [`${exec}\nsuccess_exit_codes = [1]`, ":5: agents.a.success_exit_codes goes only with runner"],
    [`${self}\nstop_grace = "-1s"`, ":4: agents.a.stop_grace must be a duration"],
    [`${self}\nlog_bytes_max = 999`, ":4: agents.a.log_bytes_max must be a whole number from 1000"],
    [`${self}\nready_timeout = "1ms"`, ":4: agents.a.ready_timeout must be a duration from 10ms"],
    [`${self}\nrole = "boss"`, ":4: agents.a.role must be coordinator or worker"],
    [`${self}\nteam = "a b"`, ":4: agents.a.team must be a name"],
    ...["restart_max = 3", 'restart_period = "9s"', 'backoff_min = "2s"', 'backoff_max = "9s"'].map(
      (line): [string, string] => [
        `${self}\nrestart = "never"\n${line}`,
        `:5: agents.a.${line.split(" ")[0]} does not go with restart = "never"`,
      ],
    ),
  ];
  for (const [lines, message, hint] of refused)
    test(JSON.stringify(lines), async () => {
      const { file } = written(`name = "s"\n[agents.a]\n${lines}`);
      const error = await refusal(readSwarmFile(file));
      expect(error.message).toStartWith(file + message);
      expect(error.mistakes).toHaveLength(1);
      expect(error.hint ?? "").toContain(hint ?? "");
    });

  test("a rule about a key that is wrong by itself is not asked", async () => {
    const lines = `name = "s"\n[agents.a]\n${self}\nrunner = "exce"\npool = 2\nspare = 3\nready = "beat"`;
    expect((await refusal(read(lines))).mistakes).toMatchObject([{ key: "agents.a.runner" }]);
  });
});
