// A swarm whose supervisor was killed or stopped: what is said of it, what down does to it, and what comes back.
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, setDefaultTimeout, test } from "bun:test";
import { waitUntil } from "../helpers/wait-until.ts";
import { type Place, idle, swarmPlaces } from "../agents/swarm-place.ts";

setDefaultTimeout(240_000);
const newPlace = swarmPlaces();
const sleeper = { command: ["sleep", "1000"] };

/** Kills the supervisor of the swarm that is up: its run. */
async function killSupervisor(place: Place): Promise<number> {
  const { pid, id } = (await place.app.lastRun())!;
  process.kill(pid, "SIGKILL");
  // Its guardian may have started the next one by the time that anybody looks.
  await waitUntil("it is dead", async () => {
    const run = (await place.app.lastRun())!;
    return run.id !== id || !run.alive;
  });
  return id;
}

const nextRun = (place: Place, before: number) =>
  waitUntil("the next run is there", async () => {
    const run = await place.app.lastRun();
    return run!.id > before && run!.alive ? run : undefined;
  });

test("down keeps the guardian from starting it again, and so it stays down", async () => {
  const place = await newPlace();
  const up = place.up({ a: idle, b: sleeper });
  await place.becomes("b", "ready");
  await killSupervisor(place);
  const { status, stdout } = await place.skep(["down", "--json"]);
  expect(status).toBe(0);
  expect(JSON.parse(stdout).conservation.holds).toBe(true);
  // Nobody is left who could start it again.
  await up.ended;
  expect((await place.app.lastRun())!.state).toBe("stopped");
  // Who was killed is there until it gets a processor once more.
  await waitUntil("nothing is left", () => place.left().length === 0);
});
test("reap leaves it to its guardian, and says so; so does status", async () => {
  const place = await newPlace();
  const up = place.up({ b: sleeper });
  await place.becomes("b", "ready");
  // A stopped guardian starts nobody meanwhile.
  up.kill("SIGSTOP");
  const run = await killSupervisor(place);
  const reaped = await place.skep(["reap"]);
  expect(reaped.status).toBe(4);
  expect(reaped.stderr).toContain(`its guardian (process ${up.pid}) is about to start it again`);
  const { stdout } = await place.skep(["status"]);
  expect(stdout).toContain("(its supervisor was killed, and is about to start again)");
  const { stderr } = await place.skep(["ps"]);
  expect(stderr).toBe("s: its supervisor was killed, and is about to start again\n");
  up.kill("SIGCONT");
  await nextRun(place, run);
  await place.becomes("b", "ready");
  up.kill("SIGTERM");
  await up.ended;
});
test("what was applied last comes back, whatever has become of the file", async () => {
  const place = await newPlace();
  const up = place.up({ a: idle, b: sleeper });
  await place.becomes("b", "ready");
  const file = join(place.directory, "swarm.json");
  writeFileSync(file, '{"name": "s", "agents": {');
  let run = await killSupervisor(place);
  await nextRun(place, run);
  await place.becomes("a", "ready");
  await place.becomes("b", "ready");
  // Nor does scale take in what nobody has applied.
  expect((await place.skep(["scale", "a", "2"])).status).toBe(0);
  await place.becomes("a-2", "ready");
  rmSync(file);
  run = await killSupervisor(place);
  await nextRun(place, run);
  await place.becomes("a-2", "ready");
  await place.becomes("b", "ready");
  up.kill("SIGTERM");
  await up.ended;
});
test("who was paused is paused when it comes back", async () => {
  const place = await newPlace();
  const up = place.up({ a: idle, b: idle });
  for (const name of ["a", "b"]) await place.becomes(name, "ready");
  expect((await place.skep(["pause", "a"])).status).toBe(0);
  const run = await killSupervisor(place);
  await nextRun(place, run);
  for (const name of ["a", "b"]) await place.send(name, "x");
  await place.counts("b", { acked: 1 });
  await place.becomes("a", "paused");
  expect(await place.ledger("a")).toMatchObject({ ready: 1, acked: 0 });
  expect((await place.skep(["unpause", "a"])).status).toBe(0);
  await place.counts("a", { acked: 1 });
  up.kill("SIGTERM");
  await up.ended;
});
test("one that is stopped is told by every command, and takes no orders that it would carry out later", async () => {
  const place = await newPlace();
  const up = place.up({ a: idle });
  await place.becomes("a", "ready");
  const { pid } = (await place.app.lastRun())!;
  await place.halt(pid, { writing: false });
  const hint = `kill -CONT ${pid}`;
  expect((await place.skep(["status"])).stdout).toContain(hint);
  expect((await place.skep(["ps"])).stderr).toContain(hint);
  const health = await place.skep(["health"]);
  expect([health.status, health.stderr.includes(hint)]).toEqual([8, true]);
  for (const words of [
    ["pause", "a"],
    ["scale", "a", "3"],
  ]) {
    const { status, stderr } = await place.skep(words);
    expect([status, stderr]).toEqual([4, expect.stringContaining(hint)]);
  }
  process.kill(pid, "SIGCONT");
  expect((await place.skep(["restart", "a"])).status).toBe(0);
  await place.becomes("a", "ready");
  expect((await place.app.agents()).map(({ name }) => name)).toEqual(["a"]);
  up.kill("SIGTERM");
  await up.ended;
});
test("why a swarm gave up stands in status, and who was at fault has failed", async () => {
  const place = await newPlace();
  const crash = { command: ["sh", "-c", "exit 1"], restart: "always", restart_max: 100 };
  const bad = { ...crash, backoff_min: "1s", backoff_max: "1s", count: 30 };
  const file = join(place.directory, "often.json");
  // Within a minute there may be no 20 restarts on a busy machine.
  const swarm = { name: "s", restarts_period: "1h", agents: { a: idle, bad } };
  writeFileSync(file, JSON.stringify(swarm));
  const up = place.start(["up", file]);
  expect((await up.ended).status).toBe(8);
  const { stdout } = await place.skep(["status"]);
  expect(stdout).toMatch(/stopped \(more than 20 restarts in 1h\), started/);
  const failed = (await place.app.agents()).filter(({ state }) => state === "failed");
  expect(failed.map(({ reason }) => reason)).toContainEqual(
    expect.stringContaining("and the swarm gave up"),
  );
  const { gave_up } = JSON.parse((await place.skep(["status", "--json"])).stdout).run;
  expect(gave_up).toBe("more than 20 restarts in 1h");
  expect((await place.skep(["health"])).status).toBe(8);
});
test("so does that its guardian is gone", async () => {
  const place = await newPlace();
  const up = place.up({ b: sleeper });
  await place.becomes("b", "ready");
  up.kill("SIGKILL");
  await waitUntil("the run is over", async () => (await place.app.lastRun())?.state === "stopped");
  expect((await place.skep(["status"])).stdout).toContain(
    "stopped (its guardian is gone), started",
  );
});
