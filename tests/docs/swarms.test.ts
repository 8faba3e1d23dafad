// The tables of docs/swarms.md by the letter: every field that a swarm file can have is there, and says what holds without it.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "bun:test";
import { agentKeys } from "../../src/config/schema/agent-keys.ts";
import { agentLimits } from "../../src/config/schema/agent-limits.ts";
import { live } from "../../src/config/schema/probes.ts";
import { swarm } from "../../src/config/schema/swarm.ts";
import type { Swarm } from "../../src/config/swarm.ts";
import { read } from "../config/swarm-files.ts";

const page = readFileSync(join(import.meta.dir, "..", "..", "docs", "swarms.md"), "utf8");

interface Row {
  field: string;
  /** What the page says holds without the field: a value as a file has it, or words. */
  usual: string;
}

const rows: Row[] = [...page.matchAll(/^\| `([^`]+)` +\| (.*) \|$/gm)].map(([, field, rest]) => ({
  field: field!,
  usual: rest!.split(" | ").at(-2)!.trim(),
}));

const within = (name: string, schema: { entries: object }) =>
  Object.keys(schema.entries).map((key) => `${name}.${key}`);

test("every field is in one table, and no other is", () => {
  const group = Object.keys(agentKeys.entries).filter((key) => !["live", "limits"].includes(key));
  expect(rows.map(({ field }) => field).toSorted()).toEqual(
    [
      ...Object.keys(swarm.entries),
      ...group,
      ...within("limits", agentLimits),
      ...within("live", live),
      "ready.log",
      "ready.command",
    ].toSorted(),
  );
});

// What has to stand beside a field for it to be allowed.
const beside: Record<string, string> = {
  in_flight: 'runner = "stream"',
  spare: 'runner = "stream"\npool = 1',
  names: "count = 2",
  "live.every": 'live.command = ["true"]',
  "live.timeout": 'live.command = ["true"]',
  "live.failures": 'live.command = ["true"]',
};

describe("what holds without a field is what the page says", () => {
  const values = rows.filter(({ usual }) => /^`.*`$/.test(usual) && !usual.includes("."));
  test("of most of them", () => {
    expect(values.length).toBeGreaterThan(20);
  });
  for (const { field, usual } of values)
    test(`${field}: ${usual}`, async () => {
      const value = usual.slice(1, -1).replace("GROUP", "a");
      const line = `${field} = ${value}`;
      const isWhole = Object.hasOwn(swarm.entries, field);
      const file = (whole: string, own: string) =>
        `name = "s"\n${whole}\n[agents.a]\ncommand = ["sh"]\n${beside[field] ?? ""}\n${own}\n`;
      const said = await read(file(isWhole ? line : "", isWhole ? "" : line));
      expect(anywhere(said)).toEqual(anywhere(await read(file("", ""))));
    });
});

/** `swarm` without where its file lies. */
function anywhere({ file: _, source: __, directory, agents, ...swarm }: Swarm) {
  return { ...swarm, agents: agents.map(({ cwd, ...agent }) => [agent, cwd === directory]) };
}
