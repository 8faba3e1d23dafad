import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { openApp } from "../../src/app.ts";
import { defaults } from "../../src/config/settings.ts";
import { waitUntil } from "../helpers/wait-until.ts";
import { catches, fixtures, swarmPlaces } from "./swarm-place.ts";

const newPlace = swarmPlaces();
const never = new AbortController().signal;
const until = { signal: never, urgent: never };

test("a program sees its identity, what the file allows, and skep first on its PATH", async () => {
  const place = await newPlace();
  const command = ["/bin/sh", join(fixtures, "show-environment.sh")];
  const agents = {
    plain: { command },
    strict: { command, env: [] },
    some: { command, env: ["KEPT", "MISSING"] },
    set: { command, env: [{ PATH: "/usr/bin", X: "1 2", SKEP_AGENT: "mallory" }] },
  };
  const around = { SECRET: "s3cret", KEPT: "yes", SKEP_BUS_MAX_ATTEMPTS: "7", NODE_OPTIONS: "--x" };
  expect((await place.up(agents, [], around).ended).status).toBe(0);
  const seen = (name: string): Record<string, string> => {
    const lines = place
      .log(name)
      .split("\n")
      .filter((line) => line.includes("="));
    return Object.fromEntries(lines.map((line) => line.split(/=(.*)/s)));
  };
  // What every shell adds by itself.
  const shells = ["OLDPWD", "PWD", "SHLVL", "_"];
  const names = (name: string) => Object.keys(seen(name)).filter((one) => !shells.includes(one));
  // What was chosen for the swarm holds for the skep that the program calls, too.
  const chosen = "SKEP_BUS_MAX_ATTEMPTS";
  const identity = ["SKEP_AGENT", chosen, "SKEP_HOME", "SKEP_RUN", "SKEP_TOKEN"];
  expect(names("plain").sort()).toEqual(["HOME", "PATH", ...identity]);
  expect(names("strict").sort()).toEqual(["PATH", ...identity]);
  expect(names("some").sort()).toEqual(["KEPT", "PATH", ...identity]);
  expect(names("set").sort()).toEqual(["PATH", ...identity, "X"]);
  const skeps = dirname(place.executable);
  expect(seen("plain")).toMatchObject({ SKEP_AGENT: "plain", SKEP_HOME: place.home });
  expect(seen("plain")["PATH"]).toBe(`${skeps}:${process.env["PATH"]}`);
  expect(seen("strict")["PATH"]).toBe(`${skeps}:/usr/local/bin:/usr/bin:/bin`);
  expect(seen("set")).toMatchObject({ X: "1 2", PATH: `${skeps}:/usr/bin`, SKEP_AGENT: "set" });
  for (const name of Object.keys(agents))
    expect(place.log(name)).toContain(`skep is ${place.executable}\n`);
});

test("a module sees the same as a program would, for its host has nothing else", async () => {
  const place = await newPlace();
  const handler = "console.log(Object.entries(process.env).join('\\n'));";
  writeFileSync(join(place.directory, "handler.ts"), handler);
  const module = { runner: "module", module: "handler.ts" };
  const agents = { plain: module, some: { ...module, env: ["KEPT", { X: "1" }] } };
  const around = { SECRET: "s3cret", KEPT: "yes" };
  // Without a function `handle` it has failed when it has told all it sees.
  expect((await place.up(agents, [], around).ended).status).toBe(8);
  const names = (name: string) =>
    place
      .log(name)
      .trim()
      .split("\n")
      .map((line) => line.split(",")[0]);
  const identity = ["SKEP_AGENT", "SKEP_HOME", "SKEP_RUN", "SKEP_TOKEN"];
  expect(names("plain").sort()).toEqual(["HOME", "PATH", ...identity]);
  expect(names("some").sort()).toEqual(["KEPT", "PATH", ...identity, "X"]);
});

describe("a host that does not get far", () => {
  test("one that ends before it reads what it is told is dead, and its last words are the reason", async () => {
    const place = await newPlace();
    const broken = ["sh", "-c", "echo not >&2; echo today >&2; exit 3"];
    const app = await openApp(place.home, defaults, broken);
    // More than a pipe holds, so that telling it fails in the middle.
    const env = [{ BIG: "x".repeat(100_000) }];
    const swarm = await place.swarm({ a: { command: ["true"], env } });
    const summary = await app.runSwarm(swarm, until);
    await app.close();
    expect(summary.agents).toEqual({ stopped: 0, failed: 0, dead: 1 });
    expect(await place.agent("a")).toMatchObject({
      state: "dead",
      reason: "its host exited with 3: not; today",
    });
  });
  test("what keeps it from starting reaches the person at up", async () => {
    const place = await newPlace();
    writeFileSync(join(place.home, "skep.toml"), "[bus]\nlease = 5\n");
    const said: string[] = [];
    place.app.events.on("agent.said", ({ text }) => said.push(text));
    const summary = await place.app.runSwarm(
      await place.swarm({ a: { command: ["true"] } }),
      until,
    );
    expect(summary.agents.dead).toBe(1);
    expect(said.join("")).toContain("bus.lease");
    expect((await place.agent("a"))?.reason).toMatch(/^its host exited with 2: skep: .*bus\.lease/);
  });
  test("one that is told to stop before anything else ends without a word", async () => {
    const place = await newPlace();
    const command = [place.executable, "host", "a", "--home", place.home];
    const host = Bun.spawn(command, { stdin: "pipe", stdout: "pipe", stderr: "pipe" });
    await waitUntil("it listens", () => catches(host.pid, constants.signals.SIGTERM));
    host.kill("SIGTERM");
    expect([await host.exited, await host.stderr.text()]).toEqual([143, ""]);
  });
  test("one that nobody tells anything says that people do not call it", async () => {
    const place = await newPlace();
    const { status, stderr } = await place.skep(["host", "a"]);
    expect(status).toBe(2);
    expect(stderr).toBe("skep: this host was not told what to do\n  skep up starts hosts.\n");
  });
});
