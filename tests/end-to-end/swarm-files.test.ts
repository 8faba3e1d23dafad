// Swarm files that cannot be run, and one that is as large as can be: what `skep up` itself makes of them.
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "bun:test";
import { fixtures, swarmPlaces } from "../agents/swarm-place.ts";
import { casesMs, casesOf } from "../helpers/cases.ts";
import { waitUntil } from "../helpers/wait-until.ts";

const newPlace = swarmPlaces();
const a = { command: ["cat"] };

describe("up refuses, with all that is wrong and where, and starts nothing:", () => {
  const cases: [string, object | string, RegExp][] = [
    ["no agents at all", { name: "s", agents: {} }, /agents is empty/],
    ["no agents' table", { name: "s" }, /agents is missing/],
    [
      "groups that wait for one another in a ring",
      { name: "s", agents: { a: { ...a, after: ["b"] }, b: { ...a, after: ["a"] } } },
      /makes a ring: a after b after a/,
    ],
    [
      "two agents of one name",
      { name: "s", agents: { a: { ...a, count: 2 }, "a-1": a } },
      /makes a second agent called a-1/,
    ],
    [
      "a key twice",
      'name = "s"\n[agents.a]\ncommand = ["cat"]\ncommand = ["true"]\n',
      /swarm\.toml:4:1 is not valid TOML: command is there twice/,
    ],
    [
      "keys that are not known",
      { name: "s", agents: { a: { ...a, cuont: 2, restrat: "never" } } },
      /agents\.a\.cuont is not known\n\s+Did you mean count\?[^]*restrat[^]*restart\?/,
    ],
    [
      "more than 10,000 agents, in one group or in all",
      { name: "s", agents: { a: { ...a, count: 9_999 }, b: { ...a, count: 2 } } },
      /agents has 10001 agents in all/,
    ],
    [
      "a count of nothing",
      { name: "s", agents: { a: { ...a, count: 0 } } },
      /agents\.a\.count must be a whole number from 1/,
    ],
    [
      "programs that are not there",
      { name: "s", agents: { a: { command: ["no-such-program"] } } },
      /names no-such-program, which is in no directory/,
    ],
  ];
  test.each(cases)("%s", async (_, content, reason) => {
    const place = await newPlace();
    const isText = typeof content === "string";
    const path = join(place.directory, isText ? "swarm.toml" : "swarm.json");
    writeFileSync(path, isText ? content : JSON.stringify(content));
    for (const words of [[], ["--detach"], ["--check"]]) {
      const { status, stdout, stderr } = await place.skep(["up", path, ...words]);
      expect([status, stdout]).toEqual([2, ""]);
      expect(stderr).toMatch(reason);
    }
    expect(await place.app.lastRun()).toBeUndefined();
    expect(existsSync(join(place.home, "logs"))).toBe(false);
  });
});

const many = Math.min(casesOf(1_000), 10_000);

test(
  "a swarm of very many agents comes up, answers and goes down, without a word of warning",
  async () => {
    // On a busy machine the governor would have its word, and who is silent for long is suspect.
    const settings = 'stop_grace = "200ms"\nsuspect_after = "1h"\n[governor]\nmode = "off"\n';
    const place = await newPlace(`[agents]\n${settings}`);
    const module = join(fixtures, "handlers.ts");
    const path = join(place.directory, "many.json");
    const group = { runner: "module", module, count: many, pool: 4 };
    writeFileSync(path, JSON.stringify({ name: "s", agents: { a: group } }));
    const up = place.start(["up", path]);
    const last = `a-${many}`;
    const isReady = async () => (await place.agent(last))?.state === "ready";
    await waitUntil(`${last} is ready`, isReady, casesMs(300_000));
    await place.send(last, "text");
    await place.counts(last, { acked: 1 });
    const health = JSON.parse((await place.skep(["health", "--json"])).stdout);
    expect(health).toMatchObject({ total: many, unhealthy: 0 });
    const { status, stdout } = await place.skep(["down", "--json"]);
    expect([status, JSON.parse(stdout).agents]).toEqual([0, { stopped: many, failed: 0, dead: 0 }]);
    const { stderr } = await up.ended;
    const said = `s: starting ${many} agents in ${place.home}\ns: draining; once more skips the waiting\n`;
    expect(stderr).toBe(said);
  },
  casesMs(600_000),
);
