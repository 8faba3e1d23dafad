import { describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { askToStop, findOpenRun } from "../../src/agents/runs.ts";
import { openApp } from "../../src/app.ts";
import { defaults } from "../../src/config/settings.ts";
import { readSwarmFile } from "../../src/config/swarm-file.ts";
import { lacks } from "../helpers/programs.ts";
import { waitUntil } from "../helpers/wait-until.ts";
import { type Place, exists, fixtures, swarmPlaces } from "./swarm-place.ts";

const newPlace = swarmPlaces();
const never = new AbortController().signal;

/** An agent in a swarm file. */
function agent(name: string, fields: Record<string, unknown>): string {
  const lines = Object.entries(fields).map(([key, value]) => `${key} = ${JSON.stringify(value)}`);
  return [`[agents.${name}]`, ...lines, ""].join("\n");
}

describe("agents", () => {
  test("every kind of runner does its work, and each agent's output is in its log", async () => {
    const place = await newPlace();
    writeFileSync(
      join(place.directory, "handler.ts"),
      "export const handle = ({ body }: { body: string }) => (console.log(body), body.length > 1);",
    );
    const stream =
      'while read -r l; do r=${l#*receipt\\":\\"}; echo "{\\"ack\\":\\"${r%%\\"*}\\"}"; echo hi >&2; done';
    const up = place.up(
      [
        agent("e", { runner: "exec", command: ["cat"] }),
        agent("st", { runner: "stream", command: ["sh", "-c", stream] }),
        agent("se", { command: ["sh", join(fixtures, "self-worker.sh")] }),
        agent("m", { runner: "module", module: "./handler.ts" }),
      ].join(""),
    );
    for (const name of ["e", "st", "se", "m"]) {
      await place.becomes(name, "ready");
      await place.send(name, "m");
    }
    for (const [name, said] of Object.entries({ e: "m", st: "hi\n", se: "has m\n", m: "m\n" }))
      await waitUntil(`${name} has done it`, () => place.log(name).startsWith(said));
    for (const name of ["e", "st", "se"])
      await waitUntil(`${name} acked`, async () => (await place.ledger(name))["acked"] === 1);
    up.kill("SIGINT");
    const { status, stdout } = await up.ended;
    expect(status).toBe(130);
    expect(stdout).toMatch(/^4 in = 1 there \+ 3 ended: it adds up$/m);
    expect(place.left()).toEqual([]);
  });
  test("a program sees its identity, what the file allows, and skep first on its PATH", async () => {
    const place = await newPlace();
    const command = ["/bin/sh", join(fixtures, "show-environment.sh")];
    const up = place.up(
      [
        agent("plain", { command }),
        agent("strict", { command, env: [] }),
        agent("own", { command, env: ["KEPT", "MISSING"] }).trim() + "\n",
        `[agents.set]\ncommand = ${JSON.stringify(command)}\nenv = [{ PATH = "/usr/bin", X = "1 2" }]\n`,
      ].join(""),
      [],
      { SECRET: "s3cret", KEPT: "yes", SKEP_BUS_MAX_ATTEMPTS: "7", NODE_OPTIONS: "--nope" },
    );
    expect((await up.ended).status).toBe(0);
    const seen = (name: string) =>
      Object.fromEntries(
        place
          .log(name)
          .split("\n")
          .filter((line) => line.includes("="))
          .map((line) => line.split(/=(.*)/s)),
      );
    const identity = ["SKEP_AGENT", "SKEP_HOME", "SKEP_RUN", "SKEP_TOKEN"];
    const shells = ["OLDPWD", "PWD", "SHLVL", "_"];
    const names = (name: string) => Object.keys(seen(name)).filter((one) => !shells.includes(one));
    expect(names("plain").sort()).toEqual(["HOME", "PATH", ...identity]);
    expect(names("strict").sort()).toEqual(["PATH", ...identity]);
    expect(names("own").sort()).toEqual(["KEPT", "PATH", ...identity]);
    expect(names("set").sort()).toEqual(["PATH", ...identity, "X"]);
    expect(seen("plain")).toMatchObject({ SKEP_AGENT: "plain", SKEP_HOME: place.home });
    const skeps = dirname(place.executable);
    expect(seen("set")).toMatchObject({ X: "1 2", PATH: `${skeps}:/usr/bin` });
    expect(seen("strict")["PATH"]).toBe(`${skeps}:/usr/local/bin:/usr/bin:/bin`);
    for (const name of ["plain", "strict", "own", "set"])
      expect(place.log(name)).toContain(`skep is ${place.executable}\n`);
  });
  test("a swarm whose agents have all ended ends by itself, with 8 when one failed", async () => {
    const place = await newPlace();
    const done = place.up(agent("good", { command: ["true"] }));
    expect(await done.ended).toMatchObject({
      status: 0,
      stderr: expect.not.stringContaining("good"),
    });
    const up = place.up(
      agent("good", { command: ["true"] }) +
        agent("bad", { command: ["false"] }) +
        agent("missing", { runner: "stream", command: ["no-such-program"] }),
      ["--json"],
    );
    const { status, stdout, stderr } = await up.ended;
    expect(status).toBe(8);
    expect(JSON.parse(stdout)).toMatchObject({
      run: 2,
      agents: { stopped: 1, failed: 2, dead: 0 },
      parked: 0,
      returned: 0,
      killed: 0,
      conservation: { holds: true },
    });
    expect(stderr).toMatch(/^bad failed: false exited with 1$/m);
    expect(stderr).toMatch(/^missing failed: no-such-program cannot be started: /m);
  });
  test("one that cannot even be given a host has failed, and the others go on", async () => {
    const place = await newPlace();
    const gone = join(place.directory, "gone");
    mkdirSync(gone);
    const path = place.file(
      agent("a", { command: ["true"], cwd: "gone" }) + agent("b", { command: ["true"] }),
    );
    const swarm = await readSwarmFile(path);
    rmSync(gone, { recursive: true });
    const summary = await place.app.runSwarm(swarm, { signal: never, urgent: never });
    expect(summary.agents).toEqual({ stopped: 1, failed: 1, dead: 0 });
    expect((await place.agent("a"))?.reason).toContain(`there is no directory ${gone}`);
  });
});

describe("hosts that do not get far", () => {
  test("one that ends before it reads what it is told is dead, and its last words are the reason", async () => {
    const place = await newPlace();
    const app = await openApp(place.home, defaults, [
      "sh",
      "-c",
      "echo not >&2; echo today >&2; exit 3",
    ]);
    // More than a pipe holds, so that telling it fails in the middle.
    const env = [{ BIG: "x".repeat(100_000) }];
    const agents = (await swarmOf(place, { command: ["true"] })).agents.map((one) => ({
      ...one,
      env,
    }));
    const swarm = { ...(await swarmOf(place, { command: ["true"] })), agents };
    const summary = await app.runSwarm(swarm, { signal: never, urgent: never });
    await app.close();
    expect(summary.agents).toEqual({ stopped: 0, failed: 0, dead: 1 });
    expect(await place.agent("a")).toMatchObject({
      state: "dead",
      reason: "its host exited with 3: not; today",
    });
  });
  test("what keeps a host from starting reaches the person at up", async () => {
    const place = await newPlace();
    writeFileSync(join(place.home, "skep.toml"), "[bus]\nlease = 5\n");
    const said: string[] = [];
    place.app.events.on("agent.said", ({ text }) => said.push(text));
    const swarm = await swarmOf(place, { command: ["true"] });
    const summary = await place.app.runSwarm(swarm, { signal: never, urgent: never });
    expect(summary.agents.dead).toBe(1);
    expect(said.join("")).toContain("skep.toml");
    expect((await place.agent("a"))?.reason).toMatch(/^its host exited with 2: skep: .*bus\.lease/);
  });
});

describe("a swarm file that is not one", () => {
  test("is refused before anything is started or made", async () => {
    const place = await newPlace();
    for (const [text, reason] of [
      ["agents = 5", /agents must be a table/],
      ['[agents.a]\ncommand = "sh x"', /command must be a list/],
      ["[agents.a\n", /swarm\.toml:2/],
    ] as const) {
      const { status, stderr } = await place.up(text).ended;
      expect([status, stderr]).toEqual([2, expect.stringMatching(reason)]);
    }
    expect(await place.app.lastRun()).toBeUndefined();
  });
});

describe("deaths", () => {
  test.skipIf(lacks("setsid"))(
    "a host that is killed takes its program and the daemon of that along, and its message goes to another at once",
    async () => {
      const place = await newPlace();
      const pids = join(place.directory, "pids");
      const many = `skep recv --wait 10s; exec sh ${join(fixtures, "many-processes.sh")} ${pids}`;
      const up = place.up(
        agent("a", { command: ["sh", "-c", many], inbox: "jobs" }) +
          agent("b", { command: ["sleep", "1000"], inbox: "jobs" }),
      );
      const { hostPid } = await place.becomes("a", "ready");
      await place.send("jobs", "work");
      await waitUntil("it has claimed and settled down", () => tryRead(pids) !== "");
      const programs = tryRead(pids).trim().split(" ").map(Number);
      expect(programs.every(exists)).toBe(true);
      const start = performance.now();
      process.kill(hostPid!, "SIGKILL");
      await waitUntil(
        "the message is back",
        async () => (await place.ledger("jobs"))["ready"] === 1,
      );
      expect(performance.now() - start).toBeLessThan(900);
      expect(programs.filter(exists)).toEqual([]);
      expect(await place.becomes("a", "dead")).toMatchObject({
        reason: "its host was ended by SIGKILL",
        programPid: null,
      });
      await waitUntil("it is told", () =>
        /^a died: its host was ended by SIGKILL; [3-9]/m.test(up.stderr()),
      );
      expect((await place.agent("b"))?.state).toBe("ready");
      up.kill("SIGTERM");
      expect((await up.ended).status).toBe(143);
    },
  );
  test("so does one whose program has shed its environment", async () => {
    const place = await newPlace();
    const up = place.up(agent("a", { command: ["env", "-i", "sleep", "1000"] }));
    const { hostPid, programPid } = await place.becomes("a", "ready");
    await waitUntil(
      "it is unmarked",
      () => tryRead(`/proc/${programPid}/environ`) === "" && exists(programPid!),
    );
    process.kill(hostPid!, "SIGKILL");
    await place.becomes("a", "dead");
    expect(exists(programPid!)).toBe(false);
    expect((await up.ended).status).toBe(8);
  });
  test("a program that is killed has failed, and its message goes to another at once", async () => {
    const place = await newPlace();
    const up = place.up(
      agent("a", { command: ["sh", "-c", "skep recv --wait 10s; exec sleep 1000"] }) +
        agent("b", { command: ["sleep", "1000"] }),
    );
    const { programPid } = await place.becomes("a", "ready");
    await place.send("a", "work");
    await waitUntil("it is claimed", async () => (await place.ledger("a"))["leased"] === 1);
    process.kill(programPid!, "SIGKILL");
    await waitUntil(
      "the message is back",
      async () => (await place.ledger("a"))["ready"] === 1,
      900,
    );
    expect(await place.becomes("a", "failed")).toMatchObject({ reason: "sh was ended by SIGKILL" });
    up.kill("SIGTERM");
    await up.ended;
  });
});

describe("one swarm to a home", () => {
  test("a second up is refused, and the first one does not notice", async () => {
    const place = await newPlace();
    const up = place.up(agent("a", { command: ["sleep", "1000"] }));
    await place.becomes("a", "ready");
    const second = await place.up(agent("b", { command: ["true"] }), ["--json"]).ended;
    expect(second.status).toBe(4);
    expect(JSON.parse(second.stderr.trim().split("\n").at(-1)!)).toMatchObject({
      error: {
        code: "E_RUNNING",
        message: `the swarm s runs here already, under process ${up.pid}`,
      },
    });
    expect((await place.app.agents()).map(({ name, state }) => [name, state])).toEqual([
      ["a", "ready"],
    ]);
    up.kill("SIGTERM");
    await up.ended;
  });
  test("of two that start at once one runs", async () => {
    const place = await newPlace();
    const text = agent("a", { command: ["sleep", "1000"] });
    const ups = [place.up(text), place.up(text), place.up(text)];
    await place.becomes("a", "ready");
    await waitUntil("all but one are refused", async () => {
      const refused = ups.filter(({ stderr }) => stderr().includes("runs here already"));
      return refused.length === 2;
    });
    for (const up of ups) up.kill("SIGTERM");
    const statuses = (await Promise.all(ups.map(({ ended }) => ended))).map(({ status }) => status);
    expect(statuses.sort()).toEqual([143, 4, 4]);
  });
});

test("under up, names are proved and addresses known; afterwards the home is anybody's again", async () => {
  const place = await newPlace();
  const up = place.up(agent("worker", { command: ["sleep", "1000"] }));
  await place.becomes("worker", "ready");
  const imposter = await place.skep(["recv", "--as", "worker", "--json"]);
  expect([imposter.status, JSON.parse(imposter.stderr).error.code]).toEqual([4, "E_IDENTITY"]);
  const forged = await place.skep(["recv", "--as", "worker"], { SKEP_TOKEN: "guess" });
  expect(forged.status).toBe(4);
  const stray = await place.skep(["send", "woker", "x"]);
  expect([stray.status, stray.stderr]).toEqual([
    3,
    expect.stringContaining("Did you mean worker?"),
  ]);
  expect((await place.skep(["send", "worker", "x", "--as", "me"])).status).toBe(0);
  up.kill("SIGTERM");
  await up.ended;
  expect((await place.skep(["recv", "worker", "--as", "worker"])).status).toBe(3);
  expect((await place.skep(["send", "woker", "x"])).status).toBe(0);
});

test("a stop that was asked for without a signal is heard all the same", async () => {
  const place = await newPlace();
  const swarm = await swarmOf(place, { command: ["sleep", "1000"] });
  const ended = place.app.runSwarm(swarm, { signal: never, urgent: never });
  await place.becomes("a", "ready");
  await place.app.store.write(async (tx) => {
    const run = await findOpenRun(tx);
    expect(await askToStop(tx, run!.id, 5_000)).toBe(true);
  });
  expect(await ended).toMatchObject({ stopAsked: true, agents: { stopped: 1 } });
});

async function swarmOf(place: Place, fields: Record<string, unknown>) {
  return await readSwarmFile(place.file(agent("a", fields)));
}

function tryRead(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}
