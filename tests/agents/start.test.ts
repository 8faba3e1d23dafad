import { describe, expect, test } from "bun:test";
import { linkSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openApp } from "../../src/app.ts";
import { type Charge, newCharge, openSignal } from "../../src/agents/charge.ts";
import type { Crew } from "../../src/agents/crew.ts";
import { startAll, startOne } from "../../src/agents/start.ts";
import { systemClock } from "../../src/core/clock.ts";
import { defaults } from "../../src/config/settings.ts";
import { readSwarmFile } from "../../src/config/swarm-file.ts";
import { waitUntil } from "../helpers/wait-until.ts";
import { idle, run, swarmPlaces } from "./swarm-place.ts";

const newPlace = swarmPlaces();
const sleeper = { command: ["sleep", "1000"] };
const sh = (script: string) => ({ command: ["sh", "-c", script] });

describe("agents that come after others", () => {
  test("start when every one of those is ready, and not before, however that is seen", async () => {
    const place = await newPlace();
    // They have to wait until the test has looked.
    const patient = { ready_timeout: "1h" };
    const up = place.up({
      // The first time it fails, and starts again.
      log: {
        ...patient,
        ...sh(
          "test -e once || { touch once; exit 1; }; until test -e go; do sleep 0.01; done; echo it is up; exec sleep 1000",
        ),
        ready: { log: "is up" },
        restart: "on-failure",
      },
      command: { ...sleeper, ...patient, count: 2, ready: { command: ["test", "-e", "go"] } },
      job: sh("touch done"),
      last: { ...sleeper, after: ["log", "command", "job"] },
    });
    await place.becomes("job", "stopped");
    await waitUntil("it has started again", async () => (await place.agent("log"))?.restarts === 1);
    await waitUntil("they run", async () => {
      const running = ["log", "command-1", "command-2"].map((name) => place.agent(name));
      return (await Promise.all(running)).every((one) => one?.programPid != null);
    });
    // They run, and are not ready; so the last one is not even begun.
    for (const name of ["log", "command-1", "command-2", "last"])
      expect(await place.agent(name)).toMatchObject({ state: "starting" });
    expect(await place.agent("last")).toMatchObject({ hostPid: null, startedAt: null });
    writeFileSync(join(place.directory, "go"), "");
    const { startedAt } = await place.becomes("last", "ready");
    for (const name of ["log", "command-1", "command-2"])
      expect((await place.becomes(name, "ready")).changedAt).toBeLessThanOrEqual(startedAt!);
    up.kill("SIGTERM");
    await up.ended;
  });
  test("have failed when one of those has for good, and so have those that come after them", async () => {
    const place = await newPlace();
    const up = place.up({
      bad: { ...sh("exit 3"), restart: "on-failure", restart_max: 0, ready: { log: "never" } },
      next: { ...sleeper, after: ["other", "bad"] },
      last: { runner: "exec", command: ["cat"], after: ["next"] },
      other: idle,
    });
    const { reason } = await place.becomes("last", "failed");
    expect(reason).toBe("next, which it comes after, failed");
    expect((await place.becomes("next", "failed")).reason).toBe(
      "bad, which it comes after, failed",
    );
    await place.becomes("other", "ready");
    const { stdout } = await place.skep(["down", "--json"]);
    expect(JSON.parse(stdout).agents).toEqual({ stopped: 1, failed: 3, dead: 0 });
    expect((await up.ended).status).toBe(0);
  });
  test("wait for nobody when the swarm goes down", async () => {
    const place = await newPlace();
    const up = place.up({
      never: { ...sleeper, ready: { log: "never" }, ready_timeout: "1h" },
      last: { ...sleeper, after: ["never"] },
    });
    await waitUntil("it runs", async () => (await place.agent("never"))?.programPid != null);
    const { stdout } = await place.skep(["down", "--timeout", "0s", "--json"]);
    expect(JSON.parse(stdout).agents).toEqual({ stopped: 2, failed: 0, dead: 0 });
    await up.ended;
  });
});

test("one that is not ready in time has failed, and what it ran is ended, whatever its runner", async () => {
  const place = await newPlace();
  const late = { ready: { log: "never" }, ready_timeout: "300ms" };
  const command = ["test", "-e", "never"];
  await Bun.write(join(place.directory, "handler.ts"), "export const handle = () => {};");
  const up = place.up({
    log: { ...sleeper, ...late },
    stream: { ...sh("echo nothing; exec sleep 1000"), ...late, runner: "stream" },
    exec: { ...idle, ready: { command }, ready_timeout: "300ms" },
    module: {
      runner: "module",
      module: "handler.ts",
      ready: { command },
      ready_timeout: "300ms",
    },
    beat: { ...sleeper, ready: "beat", ready_timeout: "300ms" },
    after: { ...sleeper, after: ["exec"] },
    other: idle,
  });
  for (const name of ["log", "stream", "exec", "module"])
    expect((await place.becomes(name, "failed")).reason).toBe("not ready after 300ms");
  expect((await place.becomes("beat", "failed")).reason).toBe("no beat within 300ms");
  await place.becomes("after", "failed");
  await waitUntil("none runs", () => !place.left().some((one) => one.startsWith("sleep")));
  up.kill("SIGTERM");
  await up.ended;
});

test("a swarm starts also when its executable is replaced in that very moment", async () => {
  const place = await newPlace();
  const [executable, ...words] = place.upCommand({ a: idle });
  const replaced = `${executable}.${process.pid}`;
  linkSync(executable!, replaced);
  const up = run([replaced, ...words], place.directory, {});
  try {
    up.kill("SIGSTOP");
    rmSync(replaced);
    linkSync(executable!, replaced);
    up.kill("SIGCONT");
    await place.becomes("a", "ready");
    up.kill("SIGTERM");
    expect((await up.ended).status).toBe(143);
  } finally {
    up.kill("SIGKILL");
    rmSync(replaced);
  }
});

describe("how many start", () => {
  const beginsOf = async (
    agents: object,
    options: { start_at_once: number; [name: string]: unknown },
  ) => {
    const place = await newPlace();
    const log = join(place.directory, "begun");
    // A host that takes its time to start, and says when it began; it waits for those that are to start with it.
    const inOneGo = options.start_at_once;
    const slow = `date +%s%3N >>${log}
      n=$(wc -l <${log}); until test "$(wc -l <${log})" -ge $(((n + ${inOneGo - 1}) / ${inOneGo} * ${inOneGo})); do sleep 0.01; done
      sleep 0.2; exec ${place.executable} "$@"`;
    const path = join(place.directory, "swarm.json");
    writeFileSync(path, JSON.stringify({ name: "s", agents, ...options }));
    const app = await openApp(place.home, defaults, ["sh", "-c", slow, "host"]);
    const never = new AbortController().signal;
    await app.runSwarm(await readSwarmFile(path), { signal: never, urgent: never });
    await app.close();
    // Who was put off between the two has looked at its watch before it writes it down.
    const begun = readFileSync(log, "utf8").trim().split("\n").map(Number);
    return begun.toSorted((x, y) => x - y);
  };
  const brief = { command: ["true"] };
  test("at once is what start_at_once says, and never more", async () => {
    // None would go on if there were never two.
    const begun = await beginsOf({ a: { ...brief, count: 6 } }, { start_at_once: 2 });
    expect(begun).toHaveLength(6);
    for (let n = 2; n < 6; n++) expect(begun[n]! - begun[n - 2]!).toBeGreaterThanOrEqual(200);
  });
  test("with start_stagger there is a pause between one and the next", async () => {
    const stagger = { start_at_once: 1, start_stagger: "1s" };
    const begun = await beginsOf({ a: { ...brief, count: 2 } }, stagger);
    expect(begun[1]! - begun[0]!).toBeGreaterThanOrEqual(1_200);
  });
});

describe("of agents that an order is about to start", () => {
  /** A crew with that one charge, whose hosts are not to be asked for. */
  function crewOf(charge: Charge, stopping: boolean): Crew {
    const noted: string[] = [];
    return {
      plan: {},
      supervision: { home: "", clock: systemClock(), signal: new AbortController().signal },
      charges: new Map([["a", charge]]),
      hosting: { hostFor: () => expect.unreachable() },
      record: { note: async (name: string) => void noted.push(name) },
      changed: openSignal(),
      heldTo: 100,
      stopping,
    } as unknown as Crew;
  }
  const member = { name: "a", group: "a" } as Charge["member"];

  test("one that was removed meanwhile is not started", async () => {
    const charge = newCharge(member, 1, "token");
    charge.over.give();
    await startOne(crewOf(charge, false), charge);
    expect(charge.host).toBeUndefined();
  });

  test("none is waited for by a swarm that goes down", async () => {
    const charge = newCharge(member, 1, "token");
    await startAll(crewOf(charge, true), [charge]);
    expect([charge.state, charge.over.given]).toEqual(["stopped", true]);
  });
});
