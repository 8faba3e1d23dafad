import { expect, test } from "bun:test";
import { join } from "node:path";
import { waitUntil } from "../helpers/wait-until.ts";
import { idle, readOrNothing, swarmPlaces } from "./swarm-place.ts";

const newPlace = swarmPlaces();

test("a detached swarm is up when its agents are, and goes on until it is told to stop", async () => {
  const place = await newPlace();
  const up = await place.up({ a: idle, b: { command: ["sleep", "1000"] } }, ["--detach", "--json"])
    .ended;
  expect(up.status).toBe(0);
  const { run, pid, agents, log } = JSON.parse(up.stdout);
  expect([run, agents]).toEqual([1, { ready: 2 }]);
  expect((await place.app.lastRun())?.guardianPid).toBe(pid);
  expect(readOrNothing(log)).toContain("s: starting 2 agents");
  expect((await place.skep(["down"])).status).toBe(0);
  await waitUntil("nothing is left", () => place.left().length === 0);
});

test("one that cannot come up says why, with what it said last", async () => {
  const place = await newPlace();
  const { status, stderr } = await place.up({ a: { command: ["true"] } }, ["--detach"]).ended;
  // It had nothing to do, and so it ended.
  expect([0, 8]).toContain(status!);
  if (status === 8) expect(stderr).toContain("before it was up");
  const path = join(place.directory, "bad.toml");
  await Bun.write(path, "name = 5");
  expect((await place.skep(["up", path, "--detach"])).status).toBe(2);
});
