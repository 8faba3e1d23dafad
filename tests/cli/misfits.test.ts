import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { misfits } from "../../src/cli/misfits.ts";
import { readSwarmFile } from "../../src/config/swarm-file.ts";
import { tempDir } from "../helpers/temp-dir.ts";

const reading = (text: string) => {
  const file = join(tempDir(), "swarm.toml");
  writeFileSync(file, `name = "s"\n${text}`);
  return readSwarmFile(file, { misfits });
};
const group = (name: string, ...lines: string[]) =>
  [`[agents.${name}]`, 'command = ["sh"]', ...lines, ""].join("\n");
const lead = group("lead", 'role = "coordinator"');

const wrong: [string, string, string, string][] = [
  [
    "a mesh of too many",
    `topology = "mesh"\n${group("a", "count = 8")}`,
    "2: topology",
    "a mesh has 2 to 7 agents, and there are 8",
  ],
  [
    "a mesh with a shared inbox",
    `topology = "mesh"\n${group("a")}${group("b", 'inbox = "a"')}`,
    "7: agents.b.inbox",
    "a and b share the inbox a; in a mesh each has one of its own",
  ],
  [
    "a hierarchy without a coordinator",
    `topology = "hierarchical"\n${group("a")}`,
    "2: topology",
    "a hierarchical swarm needs a coordinator, and none of its 1 agents is one",
  ],
  [
    "a team that nobody leads",
    `topology = "hybrid"\n${lead}${group("a", 'team = "red"')}`,
    "8: agents.a.team",
    "the team red of a has no coordinator",
  ],
  [
    "too many workers for one coordinator",
    `topology = "hybrid"\n${lead}${group("a", "count = 51")}`,
    "6: agents.a",
    "51 workers are too many for 1 coordinator with 50 each; there is no place for a-51",
  ],
];
for (const [what, text, place, why] of wrong)
  test(`${what} is refused with its line and its key`, async () => {
    const fault = await reading(text).catch((error: unknown) => error);
    expect(fault).toMatchObject({
      code: "E_CONFIG",
      message: expect.stringMatching(/swarm\.toml:\d+: /),
      mistakes: [{ message: expect.stringContaining(`swarm.toml:${place} does not fit: ${why}`) }],
    });
  });

test("what fits its topology has nothing said against it", async () => {
  expect((await reading(`topology = "hybrid"\n${lead}${group("a")}`)).agents).toHaveLength(2);
});
