import { expect, test } from "bun:test";
import { noteSeen, openRun } from "../../src/agents/runs.ts";
import { ownIdentity } from "../../src/core/identity.ts";
import { swarmPlaces } from "../agents/swarm-place.ts";
import { waitUntil } from "../helpers/wait-until.ts";

const newPlace = swarmPlaces();

test("whoever waits for a supervisor of another pid namespace is told so", async () => {
  const place = await newPlace();
  const { store, clock } = place.app;
  const where = { boot: clock.boot, namespace: "pid:[1]", guardianPid: null };
  const run = { swarm: "s", file: "f", mark: "m", ...where, ...ownIdentity() };
  const id = await store.write((tx) => openRun(tx, run));
  const idle = { runner: "exec", command: ["cat"] };
  const ways = [() => place.up({ a: idle }, ["--detach"]), () => place.start(["down"])];
  for (const begin of ways) {
    const waiting = begin();
    await waitUntil("it is told", async () => {
      // Nobody takes it for dead meanwhile, however long that takes.
      await store.write((tx) => noteSeen(tx, id));
      return waiting.stderr().includes("last heard of");
    });
    expect(waiting.stderr()).toContain("the supervisor of s, process ");
    expect(waiting.stderr()).toContain(
      "of another pid namespace, which is taken for dead after 1m",
    );
    waiting.kill("SIGKILL");
    await waiting.ended;
  }
});
