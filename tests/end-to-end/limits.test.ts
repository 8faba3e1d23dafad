// Swarms where files or processes run out: what cannot be started has failed and says why, and all the others go on.
import { chmodSync, chownSync, copyFileSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "bun:test";
import type { Agent } from "../../src/agents/registry.ts";
import { onSlowMachine } from "../agents/slow-machine.ts";
import { readOrNothing, run, signalIfThere, swarmPlaces } from "../agents/swarm-place.ts";
import { skepExecutable } from "../helpers/executable.ts";
import { lacks } from "../helpers/programs.ts";
import { tempDir } from "../helpers/temp-dir.ts";
import { waitUntil } from "../helpers/wait-until.ts";

const newPlace = swarmPlaces();
const sleeper = { command: ["sleep", "1000"] };

test("with 64 files at most some agents run, the others have failed for that reason, and nothing else does", async () => {
  const place = await newPlace();
  const once = { restart: "on-failure", restart_max: 1, restart_period: "1h" };
  const again = { ...once, backoff_max: "1s" };
  const agents = {
    // Too many for the host that they share, and then too many hosts for the supervisor.
    pooled: { command: ["cat"], runner: "stream", pool: 1, count: 60, ...again },
    gate: { ...sleeper, ready: { command: ["test", "-e", "open"] }, ready_timeout: "1h" },
    own: { ...sleeper, ...again, count: 25, after: ["gate"] },
  };
  const limited = ["sh", "-c", 'ulimit -n 64 && exec "$0" "$@"'];
  const up = place.up(agents, [], {}, limited);
  const settled = (count: number) =>
    waitUntil(`${count} have settled`, async () => {
      const all = await place.app.agents();
      // One whose host has just ended looks dead, and is started again.
      const hasSettled = ({ state }: Agent) => state === "ready" || state === "failed";
      return all.filter(hasSettled).length === count ? all : undefined;
    });
  await settled(60);
  writeFileSync(join(place.directory, "open"), "");
  const all = await settled(86);
  for (const group of ["own", "pooled"]) {
    const ready = all.filter((one) => one.group === group && one.state === "ready");
    const failed = all.filter((one) => one.group === group && one.state === "failed");
    expect(ready.length + failed.length).toBe(agents[group as "own"].count);
    expect(ready.length).toBeGreaterThanOrEqual(3);
    expect(failed.length).toBeGreaterThanOrEqual(5);
    const reason =
      /cannot be started: too many files are open here \(ulimit -n\) \(EMFILE\); restarted once/;
    for (const one of failed) expect(one.reason).toMatch(reason);
    // No program runs that nobody knows of. One that was just started may still look like whoever starts it.
    const known = all.filter(({ programPid }) => programPid !== null).length;
    const programs = () => place.left().filter((command) => /^sleep|^cat/.test(command));
    await waitUntil("all programs are known", () => programs().length === known);
  }
  // There is room again when another one ends, and those that run do their work.
  const ready = all.filter(({ state }) => state === "ready").map(({ name }) => name);
  const { programPid } = await place.becomes("own-1", "ready");
  expect((await place.skep(["restart", "own-1"])).status).toBe(0);
  await waitUntil("another one is ready", async () => {
    const now = await place.becomes("own-1", "ready");
    return now.programPid !== programPid;
  });
  const { status, stdout } = await place.skep(["down", "--json"]);
  expect(status).toBe(0);
  const { stopped, failed, dead } = JSON.parse(stdout).agents;
  expect([stopped, failed, dead]).toEqual([ready.length, all.length - ready.length, 0]);
  expect((await up.ended).status).toBe(0);
});

test("whoever starts it detached is told with exit 8 that some could not be started, and why", async () => {
  const place = await newPlace();
  const limited = ["sh", "-c", 'ulimit -n 64 && exec "$0" "$@"'];
  const agents = { a: { ...sleeper, restart: "never", count: 25 } };
  const { status, stdout, stderr } = await place.up(agents, ["--detach"], {}, limited).ended;
  expect(status).toBe(8);
  const [, ready, failed] = /^run 1 is up under process \d+: (\d+) ready, (\d+) failed$/m
    .exec(stdout)!
    .map(Number);
  expect(ready! + failed!).toBe(25);
  expect(stderr).toContain(`skep: ${failed} agents could not be started: `);
  expect(stderr).toContain("too many files are open here (ulimit -n) (EMFILE)");
  expect((await place.skep(["down"])).status).toBe(0);
});

describe.skipIf(process.getuid?.() !== 0 || lacks("setpriv", "prlimit"))(
  "where a user may have no more processes (wants root, setpriv and prlimit)",
  () => {
    // A user of whom there is nothing else: the limit counts all that he runs, threads too.
    const nobody = 50_000 + (process.pid % 10_000);
    const as = ["setpriv", `--reuid=${nobody}`, `--regid=${nobody}`, "--clear-groups"];
    afterEach(async () => {
      // Who was killed is there until it gets a processor once more.
      const isEmpty = () => processesOf(nobody).length === 0;
      await waitUntil("nothing of his is left", isEmpty).catch(() => {});
      const left = processesOf(nobody);
      for (const pid of left) signalIfThere(pid, "SIGKILL");
      expect(left).toEqual([]);
    }, 240_000);

    /** A place of his, and a function that runs skep there, or what a shell makes of it. */
    async function hisPlace(program: object = sleeper) {
      const directory = tempDir();
      const [home, skep] = [join(directory, "home"), join(directory, "skep")];
      copyFileSync(await skepExecutable(), skep);
      chmodSync(skep, 0o755);
      mkdirSync(home, { mode: 0o700 });
      const agents = { a: { ...program, restart: "never", count: 20 } };
      const swarm = { name: "s", start_at_once: 4, agents };
      writeFileSync(join(directory, "swarm.json"), JSON.stringify(swarm));
      const settings = join(home, "skep.toml");
      writeFileSync(settings, onSlowMachine(""));
      for (const path of [directory, home, settings]) chownSync(path, nobody, nobody);
      const start = (words: string[], before: string[] = []) =>
        run([...as, ...before, skep, ...words, "--home", home], directory, {});
      return { directory, start };
    }

    test("those that run go on, and the others have failed for that reason", async () => {
      const { start } = await hisPlace();
      const up = start(["up", "swarm.json"], ["prlimit", "--nproc=80"]);
      const settled = await waitUntil("all have settled", async () => {
        const rows = (await start(["ps", "--json"]).ended).stdout.trim().split("\n");
        if (rows.length < 20) return undefined;
        const all = rows.map((row) => JSON.parse(row) as Row);
        return all.every(({ state }) => state !== "starting") && all;
      });
      const ready = settled.filter(({ state }) => state === "ready");
      expect(ready.length).toBeWithin(2, 20);
      const why = /too many processes \(ulimit -u\) \(EAGAIN\)$|^its host was ended by SIGABRT/;
      for (const { state, reason } of settled) if (state !== "ready") expect(reason).toMatch(why);
      const { stdout } = await start(["status", "--json"]).ended;
      const { run: now } = JSON.parse(stdout);
      expect(now).toMatchObject({ id: 1, state: "running", alive: true });
      // They want no more threads than they have: it is when garbage is collected that one would be missed.
      const hosts = settled.flatMap(({ host_pid: pid }) => pid ?? []);
      for (const pid of [up.pid, now.pid, ...hosts])
        expect(readOrNothing(`/proc/${pid}/environ`)).toContain("BUN_JSC_useConcurrentGC=0");
      const down = await start(["down", "--json"]).ended;
      expect(JSON.parse(down.stdout)).toMatchObject({ agents: { stopped: ready.length } });
      expect((await up.ended).status).toBe(0);
    });
    test("whoever waits until a detached swarm is up outlives the want of processes", async () => {
      const { start } = await hisPlace();
      const up = await start(["up", "swarm.json", "--detach"], ["prlimit", "--nproc=80"]).ended;
      expect(up.stderr).not.toContain("Bun has crashed");
      // Whether there is room for all of them depends on how many threads they have.
      const isWhole = !up.stderr.includes("agents could not be started: ");
      expect(up.status).toBe(isWhole ? 0 : 8);
      expect(up.stdout).toMatch(/^run 1 is up under process \d+: /);
      expect((await start(["down"]).ended).status).toBe(0);
      await waitUntil("its guardian is gone", () => processesOf(nobody).length === 0);
    });

    test("a swarm of which nothing can run ends, and says so, in a file too", async () => {
      // There may be room for one of its processes, but never for all of them.
      const crowd = "for n in 1 2 3 4 5 6; do sleep 1000 & done; wait";
      const { directory, start } = await hisPlace({ command: ["sh", "-c", crowd] });
      const words = join(directory, "words");
      const intoFile = ["prlimit", "--nproc=6", "sh", "-c", `exec "$0" "$@" >${words} 2>&1`];
      expect((await start(["up", "swarm.json"], intoFile).ended).status).toBe(8);
      expect(readOrNothing(words)).toMatch(/^agents: 0 stopped, \d+ failed, \d+ dead/m);
    });
  },
);

interface Row {
  state: string;
  reason: string | null;
  host_pid: number | null;
}

function processesOf(uid: number): number[] {
  const pids = readdirSync("/proc").map(Number).filter(Number.isInteger);
  return pids.filter((pid) => {
    const status = readOrNothing(`/proc/${pid}/status`);
    return status.includes(`\nUid:\t${uid}\t`) && !/^State:\tZ/m.test(status);
  });
}
