import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { readProc } from "../../src/core/proc.ts";
import { waitUntil } from "../helpers/wait-until.ts";
import { type Place, exists, fixtures, idle, readOrNothing, swarmPlaces } from "./swarm-place.ts";

const newPlace = swarmPlaces();
const sleeper = { command: ["sleep", "1000"], restart: "on-failure" };

const settings = (suspectAfter: string) =>
  `[agents]\nstop_grace = "200ms"\nsuspect_after = "${suspectAfter}"\n`;

// All of them take their time, and so they take it together.
test("who is stopped is suspect, the host told apart from the program, and nobody is because the supervisor was", async () => {
  const [one, other] = [await newPlace(settings("15s")), await newPlace(settings("30s"))];
  await Promise.all([stopsAgents(one), stopsItsSupervisor(other)]);
}, 480_000);

async function stopsAgents(place: Place): Promise<void> {
  const up = place.up({
    host: sleeper,
    program: sleeper,
    other: idle,
    starting: notReady,
    // The program of a single message is seen as well.
    exec: { command: ["sh", "-c", "echo $$ >stopped; kill -STOP $$"], runner: "exec" },
    late: { ...sleeper, after: ["gate"] },
    gate: { ...sleeper, ready: { command: ["test", "-e", "open"] } },
  });
  const host = await place.becomes("host", "ready");
  const program = await place.becomes("program", "ready");
  await place.becomes("other", "ready");
  const starting = await waitUntil("it runs", async () => {
    const now = await place.agent("starting");
    return now?.programPid == null ? undefined : now;
  });
  await place.becomes("exec", "ready");
  await place.send("exec", "x");
  writeFileSync(join(place.directory, "open"), "");
  const late = await stopHost(place, "late");
  const stopped = [host.hostPid!, program.programPid!, starting.programPid!];
  const begin = performance.now();
  // Nobody could write anything while it has the lock.
  await place.halt(host.hostPid!, { writing: false });
  for (const pid of stopped) process.kill(pid, "SIGSTOP");
  const reasons = {
    host: /^its host is stopped, and had been for ((1[5-9]|[2-9]\d)\.\ds|\dm.*)$/,
    program: /^its program is stopped, and had been for ((1[5-9]|[2-9]\d)\.\ds|\dm.*)$/,
    starting: /^its program is stopped, /,
    exec: /^its program is stopped, /,
    // One that hangs before it has begun is no less suspect.
    late: /^its host is stopped, /,
  };
  for (const [name, reason] of Object.entries(reasons)) {
    // A lookout that comes late itself doubts what it sees for up to eight times as long.
    const suspect = async () => (await place.agent(name))?.state === "suspect";
    await waitUntil(`${name} is suspect`, suspect, 200_000);
    expect((await place.agent(name))!.reason).toMatch(reason);
  }
  expect(performance.now() - begin).toBeGreaterThan(14_500);
  // Whoever got no processor for long may have been silent as well; those that are stopped stay so.
  const all = ["exec", "host", "late", "program", "starting"];
  await waitUntil("they are unhealthy, and nobody else", async () => {
    const { stdout } = await place.skep(["health", "--json"]);
    const { unhealthy, agents } = JSON.parse(stdout);
    const names = agents.map(({ name }: { name: string }) => name);
    return unhealthy === all.length && String(names) === String(all);
  });
  await place.becomes("other", "ready");
  const working = Number(readOrNothing(join(place.directory, "stopped")));
  for (const pid of [...stopped, late, working]) process.kill(pid, "SIGCONT");
  for (const { name, hostPid, programPid } of [host, program])
    expect(await place.becomes(name, "ready")).toMatchObject({ hostPid, programPid, restarts: 0 });
  await place.becomes("late", "ready");
  await place.counts("exec", { acked: 1 });
  await place.becomes("exec", "ready");
  // That it goes on does not make an agent ready.
  expect(await place.becomes("starting", "starting")).toMatchObject({ restarts: 0 });
  up.kill("SIGTERM");
  await up.ended;
}

/** Stops the host of `name` as soon as there is one, before it has begun: its process id. */
async function stopHost(place: Place, name: string): Promise<number> {
  const { pid: supervisor } = (await place.app.lastRun())!;
  const label = `\0host\0${name}\0`;
  for (;;) {
    const children = readProc(`${supervisor}/task/${supervisor}/children`).split(" ");
    const pid = children.find((child) => readOrNothing(`/proc/${child}/cmdline`).includes(label));
    if (pid !== undefined) {
      await place.halt(Number(pid), { writing: false });
      return Number(pid);
    }
    await Bun.sleep(1);
  }
}

const notReady = { ...sleeper, ready: { log: "never" }, ready_timeout: "1h" };

async function stopsItsSupervisor(place: Place): Promise<void> {
  const beats = { command: ["sh", join(fixtures, "beat.sh"), "/"], restart: "on-failure" };
  // Less than the supervisor is stopped for, and more than a beat takes on a busy machine.
  const live = { beat: "30s" };
  const up = place.up({
    many: { ...sleeper, count: 5 },
    beating: { ...beats, live },
    // As when a container is stopped with all that is in it.
    frozen: { ...beats, live },
    exec: idle,
  });
  const names = [1, 2, 3, 4, 5].map((n) => `many-${n}`);
  for (const name of [...names, "beating", "frozen", "exec"]) await place.becomes(name, "ready");
  const before = await place.app.agents();
  const { pid } = (await place.app.lastRun())!;
  const { programPid } = (await place.agent("frozen"))!;
  process.kill(-programPid!, "SIGSTOP");
  // Nobody could send anything while it has the lock.
  await place.halt(pid, { writing: false });
  // Work goes on meanwhile.
  await place.send("exec", "x");
  await place.counts("exec", { acked: 1 });
  await Bun.sleep(35_000);
  process.kill(pid, "SIGCONT");
  await Bun.sleep(300);
  process.kill(-programPid!, "SIGCONT");
  for (let looks = 0; looks < 15; looks++) {
    await Bun.sleep(200);
    const others = (await place.app.agents()).filter(({ state }) => state !== "ready");
    expect(others).toEqual([]);
  }
  const after = await place.app.agents();
  const identities = (agents: typeof before) =>
    agents.map(({ name, hostPid, programPid: program, restarts }) => [
      name,
      hostPid,
      program,
      restarts,
    ]);
  expect(identities(after)).toEqual(identities(before));
  expect(exists(pid)).toBe(true);
  up.kill("SIGTERM");
  expect((await up.ended).status).toBe(143);
}
