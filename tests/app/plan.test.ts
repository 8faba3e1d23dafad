import { expect, test } from "bun:test";
import { planOf } from "../../src/app/plan.ts";
import { read } from "../config/swarm-files.ts";

const signatureOf = async (own: string) => {
  const swarm = await read(`name = "s"\n[agents.a]\ncommand = ["sh"]\n${own}\n`);
  // Each file lies in a directory of its own.
  const agents = swarm.agents.map((agent) => ({ ...agent, cwd: "/" }));
  return planOf({ ...swarm, agents }).members[0]!.signature;
};

test("an agent is another one when what is set for its program changes, though that is a secret", async () => {
  const env = (key: string) => `env = ["PATH", { API_KEY = "${key}" }]`;
  expect(await signatureOf(env("one"))).toBe(await signatureOf(env("one")));
  expect(await signatureOf(env("one"))).not.toBe(await signatureOf(env("two")));
  expect(await signatureOf("")).not.toBe(await signatureOf("restart_max = 7"));
});
