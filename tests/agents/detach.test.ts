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

test("of several that are detached at once one starts, and the others find it up", async () => {
  const place = await newPlace();
  const ups = await Promise.all([1, 2, 3].map(() => place.up({ a: idle }, ["--detach"]).ended));
  expect(ups.map(({ status }) => status)).toEqual([0, 0, 0]);
  const said = ups.map(({ stdout }) => stdout).toSorted();
  expect(said.slice(1)).toEqual(["unchanged: 1\n", "unchanged: 1\n"].toSorted());
  expect(said[0]).toContain("run 1 is up");
  expect(place.log("skep").match(/starting 1 agent/g)).toHaveLength(1);
  expect((await place.skep(["down"])).status).toBe(0);
});

test("one that cannot come up says why, and its exit status is that of a swarm in the foreground", async () => {
  const place = await newPlace();
  // Never ready, so that nobody can see it up.
  const ready = { command: ["false"] };
  const failing = { a: { command: ["sleep", "1000"], ready, ready_timeout: "50ms" } };
  const here = await place.up(failing).ended;
  const detached = await place.up(failing, ["--detach"]).ended;
  expect([here.status, detached.status]).toEqual([8, 8]);
  expect(detached.stderr).toContain("the swarm exited with 8 before it was up:");
  expect(detached.stderr).toContain("a failed: ");
  expect(detached.stderr).toContain("agents: 0 stopped, 1 failed, 0 dead");
  const path = join(place.directory, "bad.toml");
  await Bun.write(path, "name = 5");
  expect((await place.skep(["up", path, "--detach"])).status).toBe(2);
});

test("one that had nothing to do has ended well, also where its agents were ready for a moment", async () => {
  const place = await newPlace();
  const { status, stdout } = await place.up({ a: { command: ["true"] } }, ["--detach"]).ended;
  expect(status).toBe(0);
  if (!stdout.includes("1 ready")) expect(stdout).toContain("run 1 has ended: 1 stopped\n");
  // One that was ready for a moment ends behind the back of whoever started it.
  await waitUntil("nothing runs", () => place.left().length === 0);
});

test("one of which some have failed and some stay is up", async () => {
  const place = await newPlace();
  const agents = { a: { command: ["false"] }, b: { command: ["sleep", "1000"] } };
  const up = await place.up(agents, ["--detach", "--json"]).ended;
  expect(up.status).toBe(0);
  expect((await place.skep(["down"])).status).toBe(0);
});

test("where another swarm runs, or the bus is drained, it is refused as in the foreground, and not in the log of that", async () => {
  const place = await newPlace();
  expect((await place.up({ a: idle }, ["--detach"]).ended).status).toBe(0);
  const path = join(place.directory, "other.toml");
  await Bun.write(path, 'name = "other"\n[agents.b]\ncommand = ["cat"]\n');
  const refused = async () => {
    const ways = [
      ["up", path],
      ["up", path, "--detach"],
    ];
    const [here, detached] = await Promise.all(ways.map((way) => place.skep(way)));
    expect([here!.status, detached!.status]).toEqual([4, 4]);
    expect(detached!.stderr).toBe(here!.stderr);
    return detached!.stderr;
  };
  expect(await refused()).toContain("the swarm s runs here already");
  // The supervisor of the one that runs may write there at any time.
  expect(place.log("skep")).not.toContain("runs here already");
  expect((await place.skep(["down"])).status).toBe(0);
  expect((await place.skep(["drain"])).status).toBe(0);
  expect(await refused()).toContain("the bus is drained: no swarm can start here");
  expect(place.log("skep")).not.toContain("is drained");
});

test("while a swarm goes down, up says so, and what to do", async () => {
  const place = await newPlace();
  const go = join(place.directory, "go");
  const script = `until test -e ${go}; do sleep 0.01; done`;
  const busy = { runner: "exec", command: ["sh", "-c", script] };
  const up = place.up({ a: busy });
  await place.becomes("a", "ready");
  await place.send("a", "x");
  await place.becomes("a", "busy");
  const down = place.start(["down", "--timeout", "1h"]);
  await waitUntil("it is told to stop", async () => (await place.app.lastRun())?.stopAskedAt);
  const again = await place.up({ a: busy }).ended;
  expect(again.status).toBe(4);
  expect(again.stderr).toContain("the swarm s is going down");
  expect(again.stderr).toContain("skep down waits for that");
  expect(again.stderr).not.toContain("skep down stops it");
  await Bun.write(go, "");
  expect((await down.ended).status).toBe(0);
  await up.ended;
});

test("with too few files to start anything it says so", async () => {
  const place = await newPlace();
  for (const limit of [10, 12, 14]) {
    const before = ["sh", "-c", `ulimit -n ${limit} && exec "$0" "$@"`];
    const up = await place.up({ a: idle }, ["--detach"], {}, before).ended;
    expect([7, 8]).toContain(up.status!);
    expect(up.stderr).toContain("ulimit -n");
    expect(up.stderr).not.toContain("this is a bug");
  }
});
