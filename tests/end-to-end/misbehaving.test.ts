// Programs that misbehave, in real swarms: how each of them ends, what is said of it, and that nothing of it is left.
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import {
  exists,
  fixtures,
  idle,
  marked,
  readOrNothing,
  swarmPlaces,
} from "../agents/swarm-place.ts";
import { lacks } from "../helpers/programs.ts";
import { waitUntil } from "../helpers/wait-until.ts";

const newPlace = swarmPlaces();
const sh = (name: string, ...args: string[]) => ({
  command: ["sh", join(fixtures, name), ...args],
});

test.skipIf(lacks("setsid"))(
  "a program that forks and ends, or becomes a daemon, has stopped, and what it left is ended and told",
  async () => {
    const place = await newPlace();
    const pids = ["background", "daemon"].map((name) => join(place.directory, name));
    const up = place.up({
      background: sh("go-to-the-background.sh", pids[0]!),
      daemon: sh("daemon.sh", pids[1]!),
      again: {
        ...sh("go-to-the-background.sh", "/dev/null"),
        restart: "always",
        restart_max: 1,
        restart_period: "1h",
      },
      other: idle,
    });
    for (const [index, name] of ["background", "daemon"].entries()) {
      const reason = "1 process that it left behind killed";
      expect(await place.becomes(name, "stopped")).toMatchObject({ reason, programPid: null });
      const pid = Number(readFileSync(pids[index]!, "utf8"));
      await waitUntil("what it left is gone", () => !exists(pid));
    }
    // One that is always to run has failed when it will not.
    const { reason } = await place.becomes("again", "failed");
    expect(reason).toBe("1 process that it left behind killed; restarted once in 1h");
    await place.becomes("other", "ready");
    up.kill("SIGTERM");
    expect((await up.ended).status).toBe(143);
  },
);

test("what is there when the file is checked, and gone or no program when it is started, has failed", async () => {
  const place = await newPlace();
  const paths = ["gone.sh", "stiff.sh"].map((name) => join(place.directory, name));
  for (const path of paths) writeFileSync(path, "#!/bin/sh\n", { mode: 0o755 });
  chmodSync(paths[0]!, 0o755);
  const remove = ["sh", "-c", `chmod -x ${paths[1]}; rm ${paths[0]}`];
  const after = ["remover"];
  const up = place.up({
    remover: { command: remove, ready: { command: ["test", "!", "-e", paths[0]] } },
    gone: { command: ["./gone.sh"], after },
    stiff: { command: ["./stiff.sh"], runner: "stream", after },
    each: { command: ["./gone.sh"], runner: "exec", after },
    other: idle,
  });
  const why = { gone: "there is no such program", stiff: "it may not be executed" };
  for (const [name, reason] of Object.entries(why))
    expect((await place.becomes(name, "failed")).reason).toContain(`cannot be started: ${reason}`);
  await place.send("each", "x");
  expect((await place.becomes("each", "failed")).reason).toContain("there is no such program");
  // Nobody has tried its message.
  await place.counts("each", { ready: 1, leased: 0, dead: 0 });
  const ps = JSON.parse((await place.skep(["ps", "--json"])).stdout.split("\n")[0]!);
  expect(ps).toMatchObject({ name: "each", state: "failed" });
  up.kill("SIGTERM");
  expect((await up.ended).status).toBe(143);
});

test("one that ends at once for ever is started a few times, at least a second apart, and has failed", async () => {
  const place = await newPlace();
  const often = { restart: "always", restart_max: 2, restart_period: "1h", backoff_max: "1s" };
  const up = place.up({
    success: { ...sh("end-at-once.sh", "0"), ...often },
    failure: { ...sh("end-at-once.sh", "3"), ...often, runner: "stream" },
  });
  const { status, stderr } = await up.ended;
  expect(status).toBe(8);
  expect(stderr).toMatch(/^success failed: restarted 2 times in 1h$/m);
  expect(stderr).toMatch(/^failure failed: sh exited with 3; restarted 2 times in 1h$/m);
  const [one, other] = await place.app.agents();
  expect([one, other]).toMatchObject([{ restarts: 2 }, { restarts: 2 }]);
  const { startedAt, endedAt } = (await place.app.lastRun())!;
  expect(endedAt! - startedAt).toBeGreaterThan(2_000);
});

test("programs that never read, never listen, or fork a hundred children do not outlive their swarm", async () => {
  const place = await newPlace('[agents]\nstop_grace = "200ms"\ndrain_timeout = "5m"\n');
  const tree = () => place.left().filter((command) => /^sleep 1000|fork-tree/.test(command));
  const up = place.up({
    deaf: sh("deaf.sh"),
    unread: { ...sh("never-reads.sh"), runner: "stream", in_flight: 3 },
    tree: { ...sh("fork-tree.sh"), restart: "on-failure" },
    other: idle,
  });
  const grown = async (times: number) =>
    await waitUntil(
      "the tree is grown",
      () => readOrNothing(join(place.home, "logs", "tree.log")).split("grown").length === times + 1,
    );
  await grown(10);
  const { programPid } = await place.becomes("tree", "ready");
  // Far more than a pipe holds; whoever sends and whoever hosts goes on.
  for (let n = 0; n < 3; n++) await place.send("unread", "x".repeat(1_000_000));
  await place.counts("unread", { leased: 3 });
  await place.becomes("unread", "busy");
  await place.send("other", "x");
  await place.counts("other", { acked: 1 });
  // The next tree grows a second after its end.
  const whole = marked("SKEP_HOME", place.home).filter((pid) =>
    readOrNothing(`/proc/${pid}/cmdline`).includes("fork-tree"),
  );
  expect(whole).toContain(programPid!);
  process.kill(programPid!, "SIGKILL");
  await waitUntil("the whole tree is gone", () => !whole.some(exists));
  await grown(20);
  // A leaf that is just becoming another program shows no mark.
  await waitUntil("the next one is there", () => tree().length > 100);
  const { status, stdout } = await place.skep(["down", "--timeout", "100ms", "--json"]);
  expect(status).toBe(0);
  const summary = JSON.parse(stdout);
  expect(summary).toMatchObject({ agents: { stopped: 4 }, parked: 3, returned: 3 });
  expect(summary.killed).toBeGreaterThanOrEqual(2);
  expect(summary.drain_ms).toBeLessThan(200_000);
  expect((await up.ended).status).toBe(0);
  expect(place.left()).toEqual([]);
}, 600_000);

test("a gigabyte without an end of line costs its host no memory, and its log stays within bounds", async () => {
  const place = await newPlace();
  const log = { log_bytes_max: 1_000_000 };
  const go = join(place.directory, "go");
  const up = place.up({
    // To each of its outputs.
    self: { ...sh("flood.sh", String(2 ** 29), go), ...log },
    stream: { ...sh("flood.sh", String(2 ** 27), go), runner: "stream", ...log },
    exec: { ...sh("flood.sh", String(2 ** 27)), runner: "exec", ...log },
  });
  const peakMb = new Map<string, number>();
  const hosts = new Map<string, number>();
  for (const name of ["self", "stream", "exec"])
    hosts.set(name, (await place.becomes(name, "ready")).hostPid!);
  const look = () => {
    for (const [name, pid] of hosts) {
      const [, kb] = /^VmHWM:\s+(\d+)/m.exec(readOrNothing(`/proc/${pid}/status`)) ?? [];
      if (kb !== undefined) peakMb.set(name, Number(kb) / 1_024);
    }
  };
  look();
  writeFileSync(go, "");
  // The answer to the first is far too long, and nobody asked for one to the second.
  await place.skep(["send", "exec", "x", "--reply-to", "answers"]);
  await place.send("exec", "x");
  await waitUntil(
    "all are done",
    async () => {
      look();
      const { acked } = await place.ledger("exec");
      const states = (await place.app.agents()).map(({ name, state }) => `${name} ${state}`);
      return acked === 1 && ["self", "stream"].every((name) => states.includes(`${name} stopped`));
    },
    600_000,
  );
  up.kill("SIGTERM");
  expect((await up.ended).status).toBe(143);
  for (const name of hosts.keys()) {
    expect(peakMb.get(name)).toBeWithin(10, 160);
    const logs = [".log", ".log.1"].map((end) => join(place.home, "logs", name + end));
    for (const path of logs) expect(readOrNothing(path).length).toBeLessThan(2_000_000);
  }
}, 900_000);

test("what the programs of single messages leave behind is ended with each of them", async () => {
  const place = await newPlace();
  const up = place.up({ a: { ...sh("leave-a-child.sh"), runner: "exec" } });
  await place.becomes("a", "ready");
  for (let n = 1; n <= 3; n++) {
    await place.send("a", "x");
    await place.counts("a", { acked: n });
    await waitUntil(
      "its child is gone",
      () => !place.left().some((one) => one.startsWith("sleep")),
    );
  }
  up.kill("SIGTERM");
  await up.ended;
});
