import { expect, setDefaultTimeout, test } from "bun:test";
import { idle, swarmPlaces } from "../../agents/swarm-place.ts";
import { newSkep } from "../../helpers/skep.ts";
import { waitUntil } from "../../helpers/wait-until.ts";

setDefaultTimeout(240_000);

const newPlace = swarmPlaces();

const beats = [
  ["beat", "--as", "b1"],
  ["beat", "--as", "a1", "--status", "unhealthy", "--detail", "no\u001b[2J disk"],
  ["beat", "--as", "c1", "--status", "degraded"],
];

test("without any agent there is nothing to tell, and nothing wrong", async () => {
  const skep = newSkep();
  expect(await skep(["health"])).toEqual({ status: 0, stdout: "", stderr: "no agents\n" });
  const { status, stdout } = await skep(["health", "--json"]);
  expect([status, stdout]).toEqual([
    0,
    '{"total":0,"healthy":0,"degraded":0,"unhealthy":0,"unknown":0,"percentage":null,"agents":[]}\n',
  ]);
});

test("those that are well are counted, and 0 is the answer", async () => {
  const skep = newSkep();
  await skep(beats[0]!);
  expect(await skep(["health"])).toEqual({
    status: 0,
    stdout: "1 agent: 1 healthy, 0 degraded, 0 unhealthy, 0 unknown (100 % healthy)\n",
    stderr: "",
  });
  await skep(beats[2]!);
  expect((await skep(["health"])).status).toBe(0);
});

test("those that are not are shown with why and since when, and 8 is the answer", async () => {
  const skep = newSkep();
  for (const words of beats) await skep(words);
  const { status, stdout } = await skep(["health"]);
  expect(status).toBe(8);
  expect(stdout).toMatch(
    /^3 agents: 1 healthy, 1 degraded, 1 unhealthy, 0 unknown \(33 % healthy\)\nNAME +HEALTH +LAST BEAT +REASON\n/,
  );
  expect(stdout).toMatch(/^a1 +unhealthy +\S.* ago +it says: no\\u001b\[2J disk$/m);
  expect(stdout).toMatch(/^c1 +degraded +\S.* ago +it says it is degraded$/m);
  const json = await skep(["health", "--json"]);
  expect(json.status).toBe(8);
  const time = { last_beat_at: expect.any(Number), last_beat_ms: expect.any(Number) };
  expect(JSON.parse(json.stdout)).toMatchObject({
    total: 3,
    healthy: 1,
    unhealthy: 1,
    degraded: 1,
    unknown: 0,
    percentage: 33,
    agents: [
      {
        name: "a1",
        health: "unhealthy",
        reason: "it says: no\u001b[2J disk",
        state: null,
        ...time,
      },
      { name: "c1", health: "degraded", reason: "it says it is degraded", state: null, ...time },
    ],
  });
});

test("nobody but its agents makes a swarm unhealthy", async () => {
  const place = await newPlace();
  const up = place.up({ a: idle });
  await place.becomes("a", "ready");
  await place.skep(["beat", "--as", "me", "--status", "unhealthy"]);
  const { status, stdout } = await place.skep(["health"]);
  expect([status, stdout]).toEqual([0, expect.stringMatching(/^me +unhealthy/m)]);
  up.kill("SIGTERM");
  await up.ended;
  // Without a swarm it is all there is to be judged.
  expect((await place.skep(["health"])).status).toBe(8);
});

test("a swarm is judged by the states of its agents, also when nobody watches any more", async () => {
  const place = await newPlace();
  const up = place.up({ a: idle, b: { command: ["false"] } });
  await place.becomes("a", "ready");
  await place.becomes("b", "failed");
  const { status, stdout, stderr } = await place.skep(["health", "--json"]);
  expect([status, stderr]).toEqual([8, ""]);
  const health = JSON.parse(stdout);
  expect(health).toMatchObject({ total: 2, unhealthy: 1 });
  expect(health.agents[0]).toMatchObject({ name: "b", state: "failed", health: "unhealthy" });
  expect(health.agents[0].reason).toStartWith("failed: false exited with 1");

  await place.killAll(up);
  await up.ended;
  const dead = "s: its supervisor is dead, and nobody sees to the agents: skep down cleans up\n";
  expect((await place.skep(["health"])).stderr).toBe(dead);
  await waitUntil("its agents are gone", () => place.left().length === 0);
  await place.skep(["down"]);
  // The one that was well has stopped, and does not count any more.
  const after = await place.skep(["health", "--json"]);
  expect([after.stderr, JSON.parse(after.stdout).total]).toEqual(["", 1]);
});
