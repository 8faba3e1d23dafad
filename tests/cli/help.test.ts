import { expect, test } from "bun:test";
import { defineCommand } from "../../src/cli/command.ts";
import { commands } from "../../src/cli/commands.ts";
import { exitHelp, manual, overview } from "../../src/cli/help.ts";
import { usageLine } from "../../src/cli/usage.ts";
import { exitStatus } from "../../src/core/errors.ts";

const command = defineCommand({
  name: "send",
  summary: "put a message into an inbox",
  notes: ["Answers when it is committed."],
  args: {
    to: { type: "positional", description: "the inbox" },
    words: { type: "positional", required: false, many: true, description: "the body" },
    key: { type: "string", required: true, description: "once" },
    onFull: { type: "enum", options: ["wait", "fail"], default: "wait", description: "what then" },
    timeout: { type: "duration", description: "how long" },
    max: { type: "whole", least: 1, most: 9, valueHint: "1..9", description: "how many" },
    batch: { type: "boolean", alias: "b", description: "many" },
  },
  examples: [["skep send a1 hello", "one message"]],
  run: async () => {},
});

test("the usage line shows what has to be given, and how", () => {
  expect(usageLine(command)).toBe("Usage: skep send TO [WORDS...] --key KEY [FLAGS]");
});

test("a word that has to be one of a few is shown as those few", () => {
  const args = {
    verb: { type: "positional", options: ["list", "drop"], description: "what to do" },
    id: { type: "positional", required: false, many: true, description: "which" },
  } as const;
  expect(usageLine({ name: "dead", args })).toBe("Usage: skep dead list|drop [ID...] [FLAGS]");
});

test("a manual holds every argument, flag, note and example, in line", () => {
  expect(manual(command).split("\n\n").slice(0, 4)).toEqual([
    "skep send: put a message into an inbox",
    "Usage: skep send TO [WORDS...] --key KEY [FLAGS]",
    "Arguments:\n  TO        the inbox\n  WORDS...  the body",
    `Flags:
  --key KEY            once
  --on-full wait|fail  what then (default wait)
  --timeout DURATION   how long
  --max 1..9           how many
  -b, --batch          many`,
  ]);
  expect(manual(command)).toContain("\n\nAnswers when it is committed.\n\n");
  expect(manual(command)).toContain("Examples:\n  skep send a1 hello  one message\n");
});

test("the overview of the real commands loads them all, each under its own name and described", async () => {
  const text = await overview(commands);
  const loaded = Object.values(commands).flatMap((entries) => Object.entries(entries));
  for (const [name, load] of loaded) {
    const { default: found } = await load();
    expect(found.name).toBe(name);
    expect(found.summary).toMatch(/^[^.]{5,70}$/);
    for (const def of Object.values(found.args)) expect(def.description).not.toBe("");
    for (const [line] of found.examples ?? []) expect(line).toStartWith("skep ");
    expect(manual(found)).toContain(`skep ${name}`);
  }
  expect(text).toMatch(/^ {2}version +say which skep this is$/m);
});

test("every exit status that an error can have is explained", () => {
  for (const status of new Set(Object.values(exitStatus)))
    expect(exitHelp).toMatch(new RegExp(`^ {2}${status} +\\S`, "m"));
});
