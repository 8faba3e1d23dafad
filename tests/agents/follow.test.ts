import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { waitUntil } from "../helpers/wait-until.ts";
import { exists, idle, swarmPlaces } from "./swarm-place.ts";

const newPlace = swarmPlaces();
const sleeper = { command: ["sleep", "1000"] };

test("restart has an agent finish what it holds and start anew, and counts no failure", async () => {
  const place = await newPlace();
  const go = join(place.directory, "go");
  const slow = {
    runner: "exec",
    command: ["sh", "-c", `until test -e ${go}; do sleep 0.01; done`],
  };
  const up = place.up({ a: slow, b: sleeper });
  const before = await place.becomes("b", "ready");
  expect((await place.skep(["restart", "b"])).status).toBe(0);
  const after = await place.becomes("b", "ready");
  expect(after).toMatchObject({ restarts: 0 });
  expect(exists(before.programPid!)).toBe(false);
  await place.send("a", "x");
  await place.becomes("a", "busy");
  const restarting = place.skep(["restart", "a"]);
  await place.becomes("a", "stopping");
  await Bun.write(go, "");
  expect((await restarting).status).toBe(0);
  await place.becomes("a", "ready");
  await place.counts("a", { acked: 1 });
  up.kill("SIGTERM");
  await up.ended;
});

test("a paused agent claims nothing, whatever its runner, and goes on with what came meanwhile", async () => {
  const place = await newPlace();
  const ack =
    'while read -r l; do r=${l#*receipt\\":\\"}; echo "{\\"ack\\":\\"${r%%\\"*}\\"}"; done';
  const self = "while :; do skep recv --wait 1h --ack || sleep 0.1; done";
  await Bun.write(join(place.directory, "handler.ts"), "export const handle = () => {};");
  const up = place.up({
    e: idle,
    st: { runner: "stream", command: ["sh", "-c", ack] },
    se: { command: ["sh", "-c", self] },
    m: { runner: "module", module: "./handler.ts" },
    other: idle,
  });
  const names = ["e", "st", "se", "m"];
  for (const name of names) {
    await place.becomes(name, "ready");
    expect((await place.skep(["pause", name])).status).toBe(0);
    await place.becomes(name, "paused");
    await place.send(name, "x");
  }
  // A message that comes later goes through, so whoever would have claimed the others has had its chance.
  await place.send("other", "y");
  await place.counts("other", { acked: 1 });
  for (const name of names) expect((await place.ledger(name))["ready"]).toBeGreaterThan(0);
  for (const name of names) expect((await place.skep(["unpause", name])).status).toBe(0);
  for (const name of names) await place.counts(name, { ready: 0, acked: 1 });
  up.kill("SIGTERM");
  await up.ended;
});

describe("a second up", () => {
  test("changes only what has changed", async () => {
    const place = await newPlace();
    const up = place.up({ same: sleeper, changed: sleeper, gone: { ...sleeper, count: 2 } });
    const names = ["same", "changed", "gone-1", "gone-2"];
    const before = new Map<string, number>();
    for (const name of names) before.set(name, (await place.becomes(name, "ready")).programPid!);
    const now = {
      same: sleeper,
      changed: { command: ["sleep", "999"] },
      added: { ...sleeper, count: 2 },
    };
    const { status, stdout } = await place.up(now, ["--json"]).ended;
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      added: ["added-1", "added-2"],
      removed: ["gone-1", "gone-2"],
      changed: ["changed"],
      unchanged: 1,
    });
    // It is told to start anew, and nobody waits until it has.
    await waitUntil(
      "the changed one is another",
      async () => (await place.agent("changed"))?.programPid !== before.get("changed"),
    );
    for (const name of ["added-1", "added-2", "changed"]) await place.becomes(name, "ready");
    expect((await place.agent("same"))?.programPid).toBe(before.get("same"));
    for (const name of ["changed", "gone-1", "gone-2"])
      expect(exists(before.get(name)!)).toBe(false);
    const agents = (await place.app.agents()).map(({ name }) => name);
    expect(agents).toEqual(["added-1", "added-2", "changed", "same"]);
    expect((await place.skep(["send", "added-2", "x"])).status).toBe(0);
    up.kill("SIGTERM");
    await up.ended;
  });
});

test("scale starts more of a group or has some leave, and a restarted supervisor remembers", async () => {
  const place = await newPlace();
  const up = place.up({ w: { ...sleeper, count: 2 } });
  for (const name of ["w-1", "w-2"]) await place.becomes(name, "ready");
  const more = await place.skep(["scale", "w", "4", "--json"]);
  expect(JSON.parse(more.stdout)).toMatchObject({
    added: ["w-3", "w-4"],
    removed: [],
    unchanged: 2,
  });
  await place.becomes("w-4", "ready");
  expect((await place.skep(["scale", "w", "1"])).stdout).toBe(
    "removed: w-2, w-3, w-4\nunchanged: 1\n",
  );
  expect((await place.app.agents()).map(({ name }) => name)).toEqual(["w-1"]);
  expect((await place.skep(["scale", "w", "3"])).status).toBe(0);
  await place.becomes("w-3", "ready");
  process.kill((await place.app.lastRun())!.pid, "SIGKILL");
  await waitUntil("the next run is there", async () => (await place.app.lastRun())!.id === 2);
  await place.becomes("w-3", "ready");
  const wrong = await place.skep(["scale", "v", "3", "--json"]);
  expect([wrong.status, JSON.parse(wrong.stderr).error.hint]).toEqual([3, "Did you mean w?"]);
  for (const word of ["-1", "x", "10001", "1.5"])
    expect((await place.skep(["scale", "w", "--", word])).status).toBe(2);
  up.kill("SIGTERM");
  await up.ended;
});

test("without a swarm there is nobody to tell", async () => {
  const place = await newPlace();
  for (const words of [
    ["restart", "a"],
    ["pause", "a"],
    ["unpause", "a"],
    ["scale", "a", "1"],
  ]) {
    const { status, stderr } = await place.skep(words);
    expect([status, stderr]).toEqual([3, "skep: no swarm runs here\n  skep up FILE starts one.\n"]);
  }
});
