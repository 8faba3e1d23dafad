import { describe, expect, test } from "bun:test";
import { mistakesIn, read, refusal } from "./swarm-files.ts";

/** A swarm file in which each group has a program and these lines. */
function groups(lines: Record<string, string>): string {
  const tables = Object.entries(lines).map(
    ([group, line]) => `[agents.${group}]\ncommand = ["sh"]\n${line}`,
  );
  return ['name = "s"', ...tables].join("\n");
}

const after = (...names: string[]) => `after = ${JSON.stringify(names)}`;
const messages = async (lines: Record<string, string>) =>
  (await mistakesIn(groups(lines))).map((message) => message.replace(/^:\d+: agents\./, ""));

describe("groups that wait for others", () => {
  test("start after them", async () => {
    const file = groups({ a: after("b", "b"), b: "", c: after("a", "b") });
    const { agents, startOrder } = await read(file);
    expect(startOrder).toEqual([["b"], ["a"], ["c"]]);
    expect(agents.map((agent) => agent.after)).toEqual([["b"], [], ["a", "b"]]);
  });
  test("cannot wait in a ring, which is named", async () => {
    const a = { a: after("b"), b: after("a") };
    expect(await messages(a)).toEqual(["a.after makes a ring: a after b after a"]);
    const { hint } = await refusal(read(groups(a)));
    expect(hint).toContain("nobody can be the first");
    const two = { a: after("c"), x: after("y"), b: after("a"), c: after("b"), y: after("x") };
    expect(await messages(two)).toEqual([
      "a.after makes a ring: a after c after b after a",
      "x.after makes a ring: x after y after x",
    ]);
  });
  test("cannot wait for themselves, or for what is no group", async () => {
    expect(await messages({ a: after("a") })).toEqual(["a.after.0 names a itself"]);
    const wrong = groups({ worker: "", b: after("wroker", "zzzzzz") });
    const { mistakes } = await refusal(read(wrong));
    expect(mistakes).toMatchObject([
      { line: 7, key: "agents.b.after.0", hint: "Did you mean worker?" },
      { line: 7, key: "agents.b.after.1", hint: "There are worker." },
    ]);
    expect((await refusal(read(groups({ a: after("b") })))).hint).toBe("There are no others.");
  });
  test("may wait for a group in which something else is wrong", async () => {
    expect(await messages({ a: after("b", "c"), b: "count = 0", c: "zzz = 1" })).toEqual([
      "b.count must be a whole number from 1 to 10000, not 0",
      "c.zzz is not known",
    ]);
  });
  test("are the same in every language", async () => {
    const yaml =
      "name: s\nagents:\n  a: {command: [sh], after: [b]}\n  b:\n    command: [sh]\n    after:\n    - a\n    - c\n";
    expect(await mistakesIn(yaml, "yaml")).toEqual([
      ":3: agents.a.after makes a ring: a after b after a",
      ":8: agents.b.after.1 names c, which is no group of this file",
    ]);
    const json =
      '{"name": "s", "agents": {\n"a": {"command": ["sh"], "after": ["b"]},\n"b": {"command": ["sh"], "after": ["a"]}}}';
    expect(await mistakesIn(json, "json")).toEqual([
      ":2: agents.a.after makes a ring: a after b after a",
    ]);
  });
});

describe("the number of agents", () => {
  test("may be 10,000 in all, in every language", async () => {
    const texts = {
      toml: groups({ a: "count = 9999", b: "" }),
      yaml: "name: s\nagents:\n  a: {command: [sh], count: 9999}\n  b: {command: [sh]}\n",
      json: '{"name": "s", "agents": {"a": {"command": ["sh"], "count": 9999}, "b": {"command": ["sh"]}}}',
    };
    for (const [kind, text] of Object.entries(texts)) {
      const { agents } = await read(text, kind);
      expect([agents.length, agents[9_998]!.name, agents[9_999]!.name]).toEqual([
        10_000,
        "a-9999",
        "b",
      ]);
    }
  });
  test("may not be 10,001, in any language", async () => {
    const texts = {
      toml: groups({ a: "count = 10000", b: "" }),
      yaml: "name: s\nagents:\n  a: {command: [sh], count: 10000}\n  b: {command: [sh]}\n",
      json: '{"name": "s",\n"agents": {"a": {"command": ["sh"], "count": 10000}, "b": {"command": ["sh"]}}}',
    };
    for (const [kind, text] of Object.entries(texts))
      expect(await mistakesIn(text, kind)).toEqual([
        ":2: agents has 10001 agents in all; a swarm has 10000 at most",
      ]);
  });
  test("may not be reached by groups either, of which a huge file is refused at once", async () => {
    const many = Array.from({ length: 20_000 }, (_, n) => [`g${n}`, after(`h${n}`)]);
    expect(await messages(Object.fromEntries(many))).toEqual([
      ":2: agents has 20000 agents in all; a swarm has 10000 at most",
    ]);
  });
});

describe("the names of agents", () => {
  test("are as the pattern says", async () => {
    const { agents } = await read(groups({ a: 'count = 2\nnames = "w{n:3}-x"' }));
    expect(agents.map(({ name, inbox }) => [name, inbox])).toEqual([
      ["w001-x", "w001-x"],
      ["w002-x", "w002-x"],
    ]);
  });
  test("may not get too long by their number", async () => {
    const name = "x".repeat(62);
    expect((await read(groups({ [name]: "count = 9" }))).agents.at(-1)!.name).toHaveLength(64);
    expect(await messages({ [name]: "count = 10" })).toEqual([
      `${name} gives an agent the name ${name}-10, which has 65 characters`,
    ]);
  });
  test("may not become no names by the pattern", async () => {
    expect(await messages({ a: 'count = 2\nnames = "-{n}"' })).toEqual([
      "a.names gives an agent the name -2, which is none",
    ]);
  });
  test("may not be that of the swarm itself in its logs", async () => {
    const says = "makes an agent called skep, which is the swarm itself in its logs";
    expect(await messages({ a: "", skep: "" })).toEqual([`skep ${says}`]);
    const yaml = "name: s\nagents:\n  a: {command: [sh]}\n  skep: {command: [sh]}\n";
    expect(await mistakesIn(yaml, "yaml")).toEqual([`:4: agents.skep ${says}`]);
    expect((await read(groups({ skep: "count = 1" }))).agents[0]!.name).toBe("skep-1");
  });
  test("may not be there twice, in any language", async () => {
    expect(await messages({ a: "count = 2", "a-2": "" })).toEqual([
      "a-2 makes a second agent called a-2, beside that of a",
    ]);
    expect(
      await messages({ a: 'count = 3\nnames = "w{n}"', b: 'count = 9\nnames = "w{n}"' }),
    ).toEqual(["b.names makes a second agent called w1, beside that of a"]);
    const yaml = "name: s\nagents:\n  a: {command: [sh], count: 2}\n  a-1: {command: [sh]}\n";
    expect(await mistakesIn(yaml, "yaml")).toEqual([
      ":4: agents.a-1 makes a second agent called a-1, beside that of a",
    ]);
    const json =
      '{"name":"s","agents":{"a-1":{"command":["sh"]},\n"a":{"command":["sh"],"count":2}}}';
    expect(await mistakesIn(json, "json")).toEqual([
      ":2: agents.a makes a second agent called a-1, beside that of a-1",
    ]);
  });
});

describe("the limits of an inbox that several groups share", () => {
  test("may be said by one of them, or the same by all", async () => {
    const limits = 'inbox = "jobs"\nlimits = { cap = 5, sends_rate = "1/s" }';
    const other = 'inbox = "jobs"\nlimits = { cap = 5, sends_rate = "2/s" }';
    const file = groups({ a: limits, b: 'inbox = "jobs"', c: other });
    expect((await read(file)).agents).toHaveLength(3);
  });
  test("may not differ", async () => {
    const jobs = { a: "limits = { cap = 5 }", b: 'inbox = "a"\nlimits = { cap = 6 }' };
    expect(await messages(jobs)).toEqual([
      "b.limits differs from what agents.a says about the inbox a",
    ]);
  });
});
