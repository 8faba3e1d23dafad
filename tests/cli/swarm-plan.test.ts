import { expect, test } from "bun:test";
import { planJson, planText } from "../../src/cli/swarm-plan.ts";
import { read } from "../config/swarm-files.ts";

const shape = { topology: "hierarchical", why: "the file says so" } as const;
const flat = { topology: "flat", why: "anybody writes to anybody" } as const;

const hive = () =>
  read(`
name = "hive"
topology = "hierarchical"
start_at_once = 4
[agents.worker]
command = ["cat"]
runner = "exec"
count = 12
names = "w-{n:3}"
inbox = "jobs"
pool = 4
after = ["collector", "boss"]
team = "red"
[agents.collector]
runner = "module"
module = "handler.ts"
[agents.boss]
command = ["sh"]
after = ["collector"]
role = "coordinator"
restart = "always"
`);

test("a plan for people has a line per group, in the order in which they start", async () => {
  expect(planText(await hive(), shape)).toBe(
    `hive: 14 agents in 3 groups; hierarchical (the file says so); 4 started at once
STEP  GROUP      AGENTS  NAMES           RUNNER  INBOX    POOL     AFTER
1     collector  1       collector       module  its own  -        -
2     boss       1       boss            self    its own  -        collector
3     worker     12      w-001 to w-012  exec    jobs     4 hosts  collector, boss`,
  );
  const one = await read(
    'name = "s"\nstart_stagger = "1s"\n[agents.a]\ncommand = ["sh"]\nrunner = "exec"\npool = 1',
  );
  expect(planText(one, flat)).toStartWith(
    "s: 1 agent in 1 group; flat (anybody writes to anybody); 16 started at once and 1.0s apart\n",
  );
  expect(planText(one, flat)).toEndWith("  1 host  -");
});

test("a plan for programs is one object with every key", async () => {
  const swarm = await hive();
  const plan = JSON.parse(planJson(swarm, shape));
  const { groups, ...whole } = plan;
  expect(whole).toEqual({
    name: "hive",
    file: swarm.file,
    topology: "hierarchical",
    why: "the file says so",
    address_book: "closed",
    start_at_once: 4,
    start_stagger_ms: 0,
    agents: 14,
  });
  const usual = { cwd: swarm.directory, inbox: null, pool: 0, team: null, role: "worker" };
  expect(groups).toEqual([
    {
      ...usual,
      group: "collector",
      step: 1,
      count: 1,
      agents: ["collector"],
      runner: "module",
      command: null,
      module: `${swarm.directory}/handler.ts`,
      after: [],
      restart: "on-failure",
    },
    {
      ...usual,
      group: "boss",
      step: 2,
      count: 1,
      agents: ["boss"],
      runner: "self",
      command: ["sh"],
      module: null,
      after: ["collector"],
      restart: "always",
      role: "coordinator",
    },
    {
      ...usual,
      group: "worker",
      step: 3,
      count: 12,
      agents: Array.from({ length: 12 }, (_, n) => `w-${`${n + 1}`.padStart(3, "0")}`),
      runner: "exec",
      command: ["cat"],
      module: null,
      inbox: "jobs",
      pool: 4,
      after: ["collector", "boss"],
      restart: "on-failure",
      team: "red",
    },
  ]);
});
