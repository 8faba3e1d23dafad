import { existsSync, readdirSync } from "node:fs";
import { expect, setDefaultTimeout, test } from "bun:test";
import { decisionOn, judgeSmoke, runQuickSwarm } from "../../src/doctor/quick-swarm.ts";
import { skepExecutable } from "../helpers/executable.ts";
import { tempDir } from "../helpers/temp-dir.ts";

setDefaultTimeout(120_000);

const env = { PATH: "/usr/local/bin:/usr/bin:/bin" };

test("20 agents work for a while, and nothing of them is left", async () => {
  const place = tempDir();
  const told: string[] = [];
  const skep = [await skepExecutable()];
  const finding = await runQuickSwarm(place, skep, env, (text) => void told.push(text));
  expect(finding.says).toMatch(/^20 agents settled (\d+) of \1 messages in \d+\.\d s, and nothing/);
  expect(finding.verdict).toBe("pass");
  expect(told).toEqual(["starting 20 agents", "working for 5 s"]);
  expect(readdirSync(place)).toEqual([]);
});
test("one that does not get up says so, and leaves nothing either", async () => {
  const place = tempDir();
  const finding = await runQuickSwarm(place, ["false"], env, () => {});
  expect(finding).toMatchObject({ verdict: "fail", says: "skep up ended by itself" });
  expect(existsSync(place)).toBe(true);
  expect(readdirSync(place)).toEqual([]);
});
test("what was lost, left or killed is a fault", () => {
  const good = { sent: 400, acked: 400, holds: true, killed: 0, seconds: 5.04 };
  expect(judgeSmoke(good)).toMatchObject({
    verdict: "pass",
    says: "20 agents settled 400 of 400 messages in 5.0 s, and nothing was left",
  });
  for (const bad of [{ holds: false }, { acked: 399 }, { sent: 0, acked: 0 }, { killed: 1 }])
    expect(judgeSmoke({ ...good, ...bad }).verdict).toBe("fail");
});
test("all well is GO, a warning CONDITIONAL, and a failure NO-GO", () => {
  expect((["pass", "warn", "fail"] as const).map(decisionOn)).toEqual([
    "GO",
    "CONDITIONAL",
    "NO-GO",
  ]);
});
