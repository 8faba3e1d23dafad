import { describe, expect, test } from "bun:test";
import { appendFileSync, mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type LogLine, readLogs } from "../../src/agents/logs.ts";
import { tempDir } from "../helpers/temp-dir.ts";
import { waitUntil } from "../helpers/wait-until.ts";

interface One {
  name: string;
  group: string;
}

/** A home with these logs, each written to later than the one before it, and these agents. */
function homeWith(logs: Record<string, string>, agents: One[] = []) {
  const home = tempDir();
  mkdirSync(join(home, "logs"));
  const path = (name: string) => join(home, "logs", `${name}.log`);
  for (const [age, [name, text]] of Object.entries(logs).entries()) {
    writeFileSync(path(name), text);
    utimesSync(path(name), 1_000 + age, 1_000 + age);
  }
  const question = (subject?: string, follow?: AbortSignal) => ({
    home,
    subject,
    lines: 2,
    follow,
    agents: async () => agents,
    // What is appended to the beginning of a line comes in time, however late it is.
    nowMs: () => 0,
  });
  return {
    append: (name: string, text: string) => appendFileSync(path(name), text),
    read: async (subject?: string) => texts(await Array.fromAsync(readLogs(question(subject)))),
    /** Follows until `done` is called, which answers all that was heard. */
    follow(subject?: string) {
      const over = new AbortController();
      const heard: string[] = [];
      const reading = (async () => {
        for await (const lines of readLogs(question(subject, over.signal)))
          heard.push(...texts([lines]));
      })();
      return {
        heard,
        async done() {
          over.abort();
          await reading;
          return heard;
        },
      };
    },
  };
}

function texts(batches: LogLine[][]): string[] {
  return batches.flat().map(({ agent, text }) => `${agent}: ${text}`);
}

const two = [
  { name: "a-1", group: "a" },
  { name: "a-2", group: "a" },
];

describe("whose logs", () => {
  test("without a name those of all agents and of the swarm itself, the freshest last", async () => {
    const logs = { skep: "up\n", "a-2": "x\ny\nz\n", old: "gone\n", "a-1": "one\nha" };
    expect(await homeWith(logs, two).read()).toEqual([
      "skep: up",
      "a-2: y",
      "a-2: z",
      "a-1: one",
      "a-1: ha",
    ]);
  });
  test("in a home that knows no agents, all that are there", async () => {
    const logs = { skep: "up\n", old: "gone\n", "no name": "x\n" };
    expect(await homeWith(logs).read()).toEqual(["skep: up", "old: gone"]);
    expect(await homeWith({}).read()).toEqual([]);
  });
  test("one agent, a group, the swarm itself, or one that is there no more", async () => {
    const { read } = homeWith({ skep: "up\n", "a-1": "1\n", "a-2": "2\n", old: "gone\n" }, two);
    expect(await read("a-1")).toEqual(["a-1: 1"]);
    expect(await read("a")).toEqual(["a-1: 1", "a-2: 2"]);
    expect(await read("skep")).toEqual(["skep: up"]);
    expect(await read("old")).toEqual(["old: gone"]);
  });
  test("an agent without a log has written nothing; the swarm itself may have none either", async () => {
    const { read } = homeWith({}, two);
    expect([await read("a-1"), await read("a"), await read("skep")]).toEqual([[], [], []]);
  });
  test("nobody of that name: an error that knows the likely one, and no path leads out", async () => {
    const { read } = homeWith({ oldest: "x\n" }, two);
    const refused = { code: "E_NOT_FOUND", hint: "Did you mean a-1?" };
    expect(read("a-11")).rejects.toMatchObject(refused);
    expect(read("oldets")).rejects.toMatchObject({ hint: "Did you mean oldest?" });
    expect(read("zzzzzz")).rejects.toMatchObject({ hint: "skep ps lists the agents." });
    expect(read("../logs/oldest")).rejects.toMatchObject({ code: "E_NOT_FOUND" });
  });
});

describe("following", () => {
  test("goes on with what comes, from whoever it comes, and ends when it is told to", async () => {
    const agents = [...two];
    const { follow, append } = homeWith({ "a-1": "old\nlast\nbeg" }, agents);
    const { heard, done } = follow();
    await waitUntil("the last lines are there", () => heard.length === 2);
    append("a-1", "un\n");
    append("a-2", "first\n");
    append("skep", "said\n");
    await waitUntil("all three are there", () => heard.length === 5);
    agents.push({ name: "b", group: "b" });
    append("b", "new here\n");
    await waitUntil("the new one too", () => heard.length === 6);
    append("a-2", "at the end\n");
    const all = await done();
    const by = (name: string) => all.filter((line) => line.startsWith(`${name}: `));
    expect(by("a-1")).toEqual(["a-1: old", "a-1: last", "a-1: begun"]);
    expect(by("a-2")).toEqual(["a-2: first", "a-2: at the end"]);
    expect([by("skep"), by("b"), all.length]).toEqual([["skep: said"], ["b: new here"], 7]);
  });
  test("a group that grows is followed, and nobody else is", async () => {
    const agents = [...two];
    const { follow, append } = homeWith({ b: "x\n" }, agents);
    const { heard, done } = follow("a");
    agents.push({ name: "a-3", group: "a" });
    append("a-3", "mine\n");
    append("b", "not mine\n");
    await waitUntil("it is there", () => heard.length === 1);
    expect(await done()).toEqual(["a-3: mine"]);
  });
});
