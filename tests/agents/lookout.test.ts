import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { readProc } from "../../src/core/proc.ts";
import { waitUntil } from "../helpers/wait-until.ts";
import { type Place, exists, fixtures, idle, readOrNothing, swarmPlaces } from "./swarm-place.ts";

const newPlace = swarmPlaces();
const sleeper = { command: ["sleep", "1000"], restart: "on-failure" };

// All of them take their time, and so they take it together.
test("who is stopped is suspect, the host told apart from the program, and nobody is because the supervisor was", async () => {
  const [one, other] = [await newPlace(), await newPlace()];
  await Promise.all([stopsAgents(one), stopsItsSupervisor(other)]);
}, 180_000);

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
  for (const pid of stopped) process.kill(pid, "SIGSTOP");
  const begin = performance.now();
  const reasons = {
    host: /^its host is stopped, and had been for (1[5-9]|[2-5]\d)\.\ds$/,
    program: /^its program is stopped, and had been for (1[5-9]|[2-5]\d)\.\ds$/,
    starting: /^its program is stopped, /,
    exec: /^its program is stopped, /,
    // One that hangs before it has begun is no less suspect.
    late: /^its host is stopped, /,
  };
  for (const [name, reason] of Object.entries(reasons)) {
    const suspect = async () => (await place.agent(name))?.state === "suspect";
    await waitUntil(`${name} is suspect`, suspect, 50_000);
    expect((await place.agent(name))!.reason).toMatch(reason);
  }
  expect(performance.now() - begin).toBeWithin(14_500, 50_000);
  const { stdout } = await place.skep(["health", "--json"]);
  const { unhealthy, agents } = JSON.parse(stdout);
  const names = agents.map(({ name }: { name: string }) => name);
  expect([unhealthy, names]).toEqual([5, ["exec", "host", "late", "program", "starting"]]);
  expect(await place.agent("other")).toMatchObject({ state: "ready" });
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
  const live = { beat: "15s" };
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
  await Bun.sleep(20_000);
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
