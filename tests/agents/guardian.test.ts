import { expect, test } from "bun:test";
import { join } from "node:path";
import { signalProcess } from "../../src/agents/process.ts";
import { lacks } from "../helpers/programs.ts";
import { waitUntil } from "../helpers/wait-until.ts";
import { exists, idle, readOrNothing, swarmPlaces } from "./swarm-place.ts";

const newPlace = swarmPlaces();

test("a supervisor that is killed starts again, with all its agents, and nothing is lost or left", async () => {
  const place = await newPlace();
  const up = place.up({ a: idle, b: { command: ["sleep", "1000"] } });
  const before = await place.becomes("b", "ready");
  await place.becomes("a", "ready");
  const first = (await place.app.lastRun())!;
  // While the next supervisor ends the run of this one nobody can send, so its guardian waits until it is sent.
  up.kill("SIGSTOP");
  process.kill(first.pid, "SIGKILL");
  await place.send("a", "for the next one");
  up.kill("SIGCONT");
  await waitUntil("the next run is there", async () => (await place.app.lastRun())!.id === 2);
  const after = await place.becomes("b", "ready");
  expect(after.programPid).not.toBe(before.programPid);
  // Who was killed is there until it gets a processor once more.
  await waitUntil("nothing is left of those before", () =>
    [before.hostPid!, before.programPid!].every((pid) => !exists(pid)),
  );
  await place.counts("a", { acked: 1 });
  up.kill("SIGINT");
  const { status, stderr } = await up.ended;
  expect(status).toBe(130);
  expect(stderr).toMatch(/^the supervisor was ended by SIGKILL\nit starts again in 1\.0s$/m);
});

test("one that is killed again and again is given up, and what it left is parked", async () => {
  const place = await newPlace();
  const up = place.up({ a: { command: ["sleep", "1000"] } });
  await place.becomes("a", "ready");
  let isOver = false;
  void up.ended.then(() => (isOver = true));
  let killed = 0;
  // On a busy machine the first kills may be forgotten by the time of the fourth: then it takes more of them.
  await waitUntil(
    "it is given up",
    async () => {
      const run = await place.app.lastRun();
      if (run?.state === "running" && run.id > killed && signalProcess(run, "SIGKILL"))
        killed = run.id;
      return isOver;
    },
    400_000,
  );
  expect(killed).toBeGreaterThanOrEqual(4);
  const { status, stderr } = await up.ended;
  expect(status).toBe(8);
  expect(stderr).toContain("the supervisor was ended by SIGKILL too often");
  expect((await place.app.lastRun())?.state).toBe("stopped");
  await waitUntil("nothing is left", () => place.left().length === 0);
}, 480_000);

test("a guardian that is killed is missed by its supervisor, which takes the swarm down in order", async () => {
  const place = await newPlace();
  const up = place.up({ a: idle, b: { command: ["sleep", "1000"] } });
  for (const name of ["a", "b"]) await place.becomes(name, "ready");
  up.kill("SIGKILL");
  await waitUntil("the run is over", async () => (await place.app.lastRun())?.state === "stopped");
  await waitUntil("nothing is left", () => place.left().length === 0);
  expect((await up.ended).stderr).toContain("s: its guardian is gone");
});

test.skipIf(lacks("setsid"))(
  "what fled its session and shed its environment is found when program, host or supervisor are killed",
  async () => {
    const place = await newPlace();
    const pidFile = join(place.directory, "stray");
    const flee = `(setsid env -i sh -c 'echo $$ > ${pidFile}; exec sleep 1000' &); exec sleep 1000`;
    const up = place.up({ a: { command: ["sh", "-c", flee], restart: "on-failure" } });
    const stray = async () => {
      await waitUntil("it has fled", () => readOrNothing(pidFile).endsWith("\n"));
      return Number(readOrNothing(pidFile));
    };
    const started = async (restarts: number) =>
      waitUntil(`started ${restarts} times`, async () => {
        const agent = await place.agent("a");
        return agent?.restarts === restarts && agent.state === "ready" ? agent : undefined;
      });
    const victims = ["programPid", "hostPid"] as const;
    for (const [restarts, victim] of victims.entries()) {
      const agent = await started(restarts);
      const pid = await stray();
      await Bun.write(pidFile, "");
      process.kill(agent[victim]!, "SIGKILL");
      await waitUntil(`the stray of the killed ${victim} is gone`, () => !exists(pid));
    }
    await started(2);
    const pid = await stray();
    await Bun.write(pidFile, "");
    process.kill((await place.app.lastRun())!.pid, "SIGKILL");
    await waitUntil("the stray of the killed supervisor is gone", () => !exists(pid));
    await waitUntil("the next run is there", async () => (await place.app.lastRun())!.id === 2);
    const last = await stray();
    up.kill("SIGTERM");
    await up.ended;
    await waitUntil("the last stray is gone", () => !exists(last));
  },
);

test("when guardian and supervisor are killed, reap finishes; while they live it keeps its hands off", async () => {
  const place = await newPlace();
  const up = place.up({
    a: { command: ["sh", "-c", "trap '' TERM; while :; do sleep 0.1; done"] },
  });
  await place.becomes("a", "ready");
  const refused = await place.skep(["reap", "--json"]);
  expect([refused.status, JSON.parse(refused.stderr).error.code]).toEqual([4, "E_RUNNING"]);
  await place.send("a", "x");
  await place.killAll(up);
  const { status, stdout } = await place.skep(["reap", "--json"]);
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ run: 1, parked: 1, conservation: { holds: true } });
  await waitUntil("nothing is left", () => place.left().length === 0);
  const again = await place.skep(["reap"]);
  expect([again.status, again.stderr]).toEqual([0, "nothing to reap: no run is open here\n"]);
});
