// Signals to a swarm, as impatient people, terminals and machines that go down send them.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { type Place, idle, swarmPlaces } from "../agents/swarm-place.ts";
import { casesMs, casesOf } from "../helpers/cases.ts";
import { waitUntil } from "../helpers/wait-until.ts";

const newPlace = swarmPlaces();
const sleeper = { command: ["sleep", "1000"] };

const rounds = casesOf(6);
const signals = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };

test(
  "three signals in a row, whenever and whichever they are, end it in time, and nothing is lost or left",
  async () => {
    // Hosts that are left alone finish what is in hand, for as long as a drain lasts.
    const settings = '[agents]\nstop_grace = "200ms"\ndrain_timeout = "1s"\n';
    for (let round = 0; round < rounds; round += 2)
      await Promise.all([sendThree(await newPlace(settings)), sendThree(await newPlace(settings))]);
  },
  casesMs(240_000),
);

async function sendThree(place: Place): Promise<void> {
  const names = Object.keys(signals) as (keyof typeof signals)[];
  const some = () => names[Math.floor(Math.random() * names.length)]!;
  const plan = Array.from({ length: 3 }, () => ({
    signal: some(),
    restMs: 1 + Math.random() * 199,
  }));
  const beginMs = Math.random() * 800;
  const about = JSON.stringify({ beginMs, plan });
  await place.send("ex", "x");
  const up = place.up({
    ex: { runner: "exec", command: ["sleep", "1000"] },
    se: { ...sleeper, count: 2 },
    st: { runner: "stream", command: ["cat"] },
  });
  await Bun.sleep(beginMs);
  const unheard: number[] = [];
  for (const { signal, restMs } of plan) {
    if (!up.stderr().includes("draining")) unheard.push(signals[signal]);
    up.kill(signal);
    await Bun.sleep(restMs);
  }
  const { status, stderr } = await up.ended;
  expect(stderr, about).not.toMatch(/^\s+at |bug|was ended by/m);
  // The first one that it hears says how it ends: of those that a busy machine hands over together that may be any.
  // Null is what the kernel did before anybody listened.
  if (status !== null) expect(unheard, about).toContain(status);
  await waitUntil(`nothing is left: ${about}`, () => place.left().length === 0);
  const down = await place.skep(["down", "--json"]);
  expect([0, 3], about).toContain(down.status!);
  expect((await place.app.lastRun())?.state ?? "stopped", about).toBe("stopped");
  const { ready = 0, parked = 0, acked } = await place.ledger("ex");
  expect([ready + parked, acked], about).toEqual([1, 0]);
}

test("a terminal that is closed drains the swarm", async () => {
  const place = await newPlace();
  let said = "";
  const agents = { a: idle, b: { ...sleeper, count: 2 } };
  const up = Bun.spawn(place.upCommand(agents), {
    cwd: place.directory,
    env: { PATH: process.env["PATH"]! },
    terminal: { data: (_, bytes) => void (said += Buffer.from(bytes).toString()) },
  });
  try {
    for (const name of ["a", "b-1", "b-2"]) await place.becomes(name, "ready");
    await waitUntil("it says what it does", () => said.includes("s: starting 3 agents"));
    await place.send("a", "x");
    await place.counts("a", { acked: 1 });
    up.terminal!.close();
    expect(await up.exited).toBe(129);
  } finally {
    up.kill("SIGKILL");
  }
  const { state, summary } = (await place.app.lastRun())!;
  expect([state, JSON.parse(summary!)]).toMatchObject(["stopped", { agents: { stopped: 3 } }]);
  expect(place.left()).toEqual([]);
});

test("under nohup a swarm outlives its terminal", async () => {
  const place = await newPlace();
  const up = Bun.spawn(["nohup", ...place.upCommand({ a: sleeper })], {
    cwd: place.directory,
    env: { PATH: process.env["PATH"]! },
    stdio: ["ignore", "ignore", "ignore"],
  });
  try {
    await place.becomes("a", "ready");
    up.kill("SIGHUP");
    up.kill("SIGTERM");
    // The first of them that it heard says how it ends.
    expect(await up.exited).toBe(143);
  } finally {
    up.kill("SIGKILL");
  }
  expect(place.left()).toEqual([]);
});

test("SIGTERM while 100 agents are being started ends those that run, and starts no more", async () => {
  const place = await newPlace();
  // The others would start an hour later.
  const slowly = { start_at_once: 10, start_stagger: "1h" };
  const file = join(place.directory, "many.json");
  const agents = { a: { ...sleeper, count: 100 } };
  writeFileSync(file, JSON.stringify({ name: "s", ...slowly, agents }));
  const up = place.start(["up", file, "--json"]);
  const ready = async () =>
    (await place.app.agents()).filter(({ state }) => state === "ready").length;
  await waitUntil("some have started", async () => (await ready()) === 10);
  up.kill("SIGTERM");
  const { status, stdout } = await up.ended;
  expect(status).toBe(143);
  const summary = JSON.parse(stdout);
  expect(summary.agents).toEqual({ stopped: 100, failed: 0, dead: 0 });
  expect(summary.drain_ms).toBeLessThan(200_000);
  const never = (await place.app.agents()).filter(({ startedAt }) => startedAt === null);
  expect(never.length).toBe(90);
  expect(place.left()).toEqual([]);
});
