// What is left of a swarm when the machine was started anew, when it ran in another container, or when others have got
// its numbers since: it is finished, and nobody is signalled who is not of it.
import { join } from "node:path";
import { afterEach, describe, expect, test } from "bun:test";
import { findOpenRun, unseenMaxMs } from "../../src/agents/runs.ts";
import { processState } from "../../src/core/identity.ts";
import { type Place, fixtures, idle, readOrNothing, swarmPlaces } from "../agents/swarm-place.ts";
import { lacks } from "../helpers/programs.ts";
import { waitUntil } from "../helpers/wait-until.ts";

const newPlace = swarmPlaces();
const namespace = ["unshare", "--pid", "--fork", "--mount-proc"];
const cannotUnshare =
  lacks("unshare") || Bun.spawnSync([...namespace, "true"], { stderr: "ignore" }).exitCode !== 0;

const strangers: { kill(signal: "SIGKILL"): void }[] = [];
afterEach(() => {
  for (const stranger of strangers.splice(0)) stranger.kill("SIGKILL");
});

describe("what the rows of a run name is not touched", () => {
  test("when the machine was started anew since: nothing is lost, and no attempt spent", async () => {
    const place = await newPlace();
    const up = place.up({
      a: { runner: "exec", command: ["sleep", "1000"] },
      b: { command: ["sleep", "1000"] },
    });
    for (const name of ["a", "b"]) await place.becomes(name, "ready");
    const id = await place.send("a", "1");
    await place.becomes("a", "busy");
    await place.powerOff(up);
    const stranger = await innocent(place);
    await rewrite(place, { boot: "another", ...stranger });
    const states = (await place.app.agents()).map(({ state }) => state);
    expect(states).toEqual(["dead", "dead"]);
    const { status, stdout } = await place.skep(["down", "--json"]);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ parked: 1, returned: 1, killed: 0 });
    expect(stranger.heard()).toBe("ready\n");
    const outcome = "select outcome from attempts where delivery_id = $id";
    const rows = await place.app.store.read((tx) => tx.all(outcome, { id }));
    expect(rows).toEqual([{ outcome: "returned" }]);
    // And the next up goes on with it.
    const again = place.up({ a: idle });
    await place.counts("a", { acked: 1 });
    again.kill("SIGTERM");
    await again.ended;
    expect(stranger.heard()).toBe("ready\n");
  });
  test("when somebody else has got the number since", async () => {
    for (const word of ["down", "reap", "up"]) {
      const place = await newPlace();
      const up = place.up({ b: { command: ["sleep", "1000"] } });
      await place.becomes("b", "ready");
      await place.powerOff(up);
      const { pid, startTime, heard } = await innocent(place);
      await rewrite(place, { pid, startTime: startTime - 1 });
      if (word === "up")
        expect((await place.up({ b: { command: ["true"] } }).ended).status).toBe(0);
      else expect((await place.skep([word])).status).toBe(0);
      expect(heard()).toBe("ready\n");
    }
  });
  test("when it is of another pid namespace, where only time tells that nobody supervises it", async () => {
    const place = await newPlace();
    const up = place.up({ b: { command: ["sleep", "1000"] } });
    await place.becomes("b", "ready");
    await place.powerOff(up);
    const stranger = await innocent(place);
    const seenTick = place.app.clock.tick() - unseenMaxMs + 3_000;
    await rewrite(place, { namespace: "pid:[1]", seenTick, ...stranger });
    expect((await place.skep(["down"])).status).toBe(0);
    expect(place.app.clock.tick() - seenTick).toBeGreaterThanOrEqual(unseenMaxMs);
    expect(stranger.heard()).toBe("ready\n");
  });
});

test.skipIf(cannotUnshare)(
  "from another pid namespace it asks by the row, and believes that the swarm is up (wants unshare)",
  async () => {
    const place = await newPlace();
    const up = place.up({ a: idle });
    await place.becomes("a", "ready");
    const elsewhere = (words: string[]) => place.start(words, {}, namespace).ended;
    const { stdout } = await elsewhere(["status", "--json"]);
    expect(JSON.parse(stdout).run).toMatchObject({ state: "running", alive: true });
    expect((await elsewhere(["reap"])).status).toBe(4);
    const down = await elsewhere(["down", "--json"]);
    expect(down.status).toBe(0);
    expect(JSON.parse(down.stdout)).toMatchObject({ agents: { stopped: 1 }, killed: 0 });
    expect((await up.ended).status).toBe(0);
  },
);

/** A process that has nothing to do with the swarm, and what it has heard of it. */
async function innocent({ directory }: Place) {
  const path = join(directory, "heard");
  const child = Bun.spawn(["sh", join(fixtures, "innocent.sh"), path], { detached: true });
  strangers.push(child);
  await waitUntil("it listens", () => readOrNothing(path) !== "");
  const { startTime } = processState(child.pid)!;
  return { pid: child.pid, startTime, heard: () => readOrNothing(path) };
}

interface Rewritten {
  pid: number;
  startTime: number;
  boot?: string;
  namespace?: string;
  seenTick?: number;
}

/** Has the rows of the open run name that process, as its supervisor and all that it started. */
async function rewrite({ app }: Place, to: Rewritten): Promise<void> {
  const run = (await app.store.read(findOpenRun))!;
  const { pid, startTime, boot, namespace, seenTick } = { ...run, ...to };
  await app.store.write(async (tx) => {
    await tx.run(
      `update runs set pid = $pid, start_time = $startTime, guardian_pid = $pid, boot = $boot,
         namespace = $namespace, seen_tick = $seenTick where state != 'stopped'`,
      { pid, startTime, boot, namespace, seenTick },
    );
    await tx.run(
      `update agents set host_pid = $pid, host_start_time = $startTime, program_pid = $pid,
         program_start_time = $startTime`,
      { pid, startTime },
    );
  });
}
