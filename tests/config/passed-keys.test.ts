import { expect, test } from "bun:test";
import { defaultRules } from "../../src/config/environment.ts";
import { passedKeys } from "../../src/config/passed-keys.ts";
import type { AgentSpec } from "../../src/config/swarm.ts";
import { secret } from "../../src/core/secret.ts";

const agents = (given: Record<string, AgentSpec["env"]>) =>
  Object.entries(given).map(([group, env]) => ({ group, env }) as AgentSpec);

test("what agents are passed from outside is named once, with the groups that get it", () => {
  const named = passedKeys([
    ...agents({ a: ["PATH", "TOKEN", "KEY"] }),
    ...agents({ a: ["PATH", "TOKEN", "KEY"], b: ["KEY"] }),
  ]);
  expect(named).toEqual([
    { variable: "TOKEN", groups: ["a"] },
    { variable: "KEY", groups: ["a", "b"] },
  ]);
});
test("what every system has, what skep sets, and what the file gives a value, is not", () => {
  const set = { KEY: secret("of the file") };
  expect(passedKeys(agents({ a: defaultRules, b: ["SKEP_HOME", "KEY", set], c: [set] }))).toEqual(
    [],
  );
  expect(passedKeys(agents({ a: ["KEY", set], b: ["KEY"] }))).toEqual([
    { variable: "KEY", groups: ["b"] },
  ]);
});
