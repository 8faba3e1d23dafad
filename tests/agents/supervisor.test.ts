import { describe, expect, test } from "bun:test";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { askToStop, closeRun, findOpenRun } from "../../src/agents/runs.ts";
import { lacks } from "../helpers/programs.ts";
import { waitUntil } from "../helpers/wait-until.ts";
import { exists, fixtures, idle, readOrNothing, swarmPlaces } from "./swarm-place.ts";

const newPlace = swarmPlaces();
const never = new AbortController().signal;
const until = { signal: never, urgent: never };

// For tests that say that nobody had to be killed: whoever gets no processor for a while ends in time as well.
const patient = '[agents]\nstop_grace = "200ms"\ndrain_timeout = "5m"\n';

// No message comes back because nobody renewed its lease.
const longLease = '[agents]\nstop_grace = "200ms"\n[bus]\nlease = "30m"\n';

describe("agents", () => {
  test("every kind of runner does its work, and each agent's output is in its log", async () => {
    const place = await newPlace(patient);
    const handler = "export const handle = async ({ body }) => { console.log(body) };";
    writeFileSync(join(place.directory, "handler.ts"), handler);
    const ack =
      'while read -r l; do r=${l#*receipt\\":\\"}; echo "{\\"ack\\":\\"${r%%\\"*}\\"}"; echo hi >&2; done';
    const up = place.up({
      e: idle,
      st: { runner: "stream", command: ["sh", "-c", ack] },
      se: { command: ["sh", join(fixtures, "self-worker.sh")] },
      m: { runner: "module", module: "./handler.ts" },
    });
    const logs = { e: "m", st: "hi\n", se: "has m\n", m: "m\n" };
    for (const [name, said] of Object.entries(logs)) {
      await place.becomes(name, "ready");
      await place.send(name, "m");
      await waitUntil(`${name} acked`, async () => (await place.ledger(name))["acked"] === 1);
      // What a program says after it has acked may come a moment later.
      await waitUntil(`the log of ${name} says so`, () => place.log(name) === said);
    }
    up.kill("SIGINT");
    const { status, stdout } = await up.ended;
    expect(status).toBe(130);
    expect(stdout).toMatch(/^agents: 4 stopped, 0 failed, 0 dead; 0 processes killed$/m);
    expect(stdout).toMatch(/^4 in = 0 there \+ 4 ended: it adds up$/m);
    expect(place.left()).toEqual([]);
  });
  test("a swarm whose agents have all ended ends by itself, with 8 when one failed", async () => {
    const place = await newPlace(patient);
    const good = { command: ["true"] };
    const done = await place.up({ good }).ended;
    expect(done).toMatchObject({ status: 0, stderr: expect.not.stringContaining("good") });
    const bad = { command: ["false"] };
    writeFileSync(join(place.directory, "odd.sh"), "#!/no/such/interpreter\n", { mode: 0o755 });
    const odd = { runner: "stream", command: ["./odd.sh"] };
    const { status, stdout, stderr } = await place.up({ good, bad, odd }, ["--json"]).ended;
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
    expect(stderr).toMatch(/^odd failed: \S+odd\.sh cannot be started: /m);
  });
  test("one that cannot even be given a host has failed, and the others go on", async () => {
    const place = await newPlace();
    const gone = join(place.directory, "gone");
    mkdirSync(gone);
    const command = ["true"];
    const swarm = await place.swarm({ a: { command, cwd: "gone" }, b: { command } });
    rmSync(gone, { recursive: true });
    const summary = await place.app.runSwarm(swarm, until);
    expect(summary.agents).toEqual({ stopped: 1, failed: 1, dead: 0 });
    expect((await place.agent("a"))?.reason).toContain(`there is no directory ${gone}`);
  });
  test("a swarm file that is none is refused before anything is made", async () => {
    const place = await newPlace();
    for (const [text, reason] of [
      ['name = "s"\nagents = 5', /agents must be a table/],
      ['name = "s"\n[agents.a]\ncommand = "sh x"', /command must be a list/],
      ["[agents.a\n", /swarm\.toml:1/],
    ] as const) {
      const path = join(place.directory, "swarm.toml");
      writeFileSync(path, text);
      const { status, stderr } = await place.skep(["up", path]);
      expect([status, stderr]).toEqual([2, expect.stringMatching(reason)]);
    }
    expect(await place.app.lastRun()).toBeUndefined();
  });
});

describe("deaths", () => {
  test.skipIf(lacks("setsid"))(
    "a host that is killed takes its program and that one's daemon along, and its message goes to another at once",
    async () => {
      const place = await newPlace(longLease);
      const pids = join(place.directory, "pids");
      const many = `skep recv --wait 1h; exec sh ${join(fixtures, "many-processes.sh")} ${pids}`;
      const up = place.up({ a: { command: ["sh", "-c", many], inbox: "jobs" }, b: idle });
      const { hostPid } = await place.becomes("a", "ready");
      await place.send("jobs", "work");
      await waitUntil("it has claimed and settled down", () => readOrNothing(pids) !== "");
      const programs = readOrNothing(pids).trim().split(" ").map(Number);
      expect(programs.every(exists)).toBe(true);
      process.kill(hostPid!, "SIGKILL");
      const isBack = async () => (await place.ledger("jobs"))["ready"] === 1;
      await waitUntil("the message is back", isBack);
      // One that is killed has its number for a moment more.
      await waitUntil("they are gone", () => !programs.some(exists));
      const reason = "its host was ended by SIGKILL";
      expect(await place.becomes("a", "dead")).toMatchObject({ reason, programPid: null });
      await waitUntil("it is told", () => /^a died: .* SIGKILL; [2-9] of its/m.test(up.stderr()));
      await place.becomes("b", "ready");
      up.kill("SIGTERM");
      expect((await up.ended).status).toBe(143);
    },
  );
  test("so does one whose program has shed its environment", async () => {
    const place = await newPlace();
    const up = place.up({ a: { command: ["env", "-i", "sleep", "1000"] } });
    const { hostPid, programPid } = await place.becomes("a", "ready");
    const environ = `/proc/${programPid}/environ`;
    await waitUntil("it has shed it", () => readOrNothing(environ) === "");
    expect(exists(programPid!)).toBe(true);
    process.kill(hostPid!, "SIGKILL");
    await place.becomes("a", "dead");
    await waitUntil("it is gone", () => !exists(programPid!));
    expect((await up.ended).status).toBe(8);
  });
  test("a program that is killed has failed, and its message goes to another at once", async () => {
    const place = await newPlace(longLease);
    const claims = "skep recv --wait 1h; exec sleep 1000";
    const up = place.up({ a: { command: ["sh", "-c", claims] }, b: idle });
    const { programPid } = await place.becomes("a", "ready");
    await place.send("a", "work");
    await waitUntil("it is claimed", async () => (await place.ledger("a"))["leased"] === 1);
    process.kill(programPid!, "SIGKILL");
    const isBack = async () => (await place.ledger("a"))["ready"] === 1;
    await waitUntil("the message is back", isBack);
    const { reason } = await place.becomes("a", "failed");
    expect(reason).toStartWith("sh was ended by SIGKILL");
    up.kill("SIGTERM");
    await up.ended;
  });
});

describe("one swarm to a home", () => {
  test("another one is refused, and the first one does not notice", async () => {
    const place = await newPlace();
    const up = place.up({ a: idle });
    await place.becomes("a", "ready");
    const other = join(place.directory, "other.toml");
    writeFileSync(other, 'name = "other"\n[agents.b]\nrunner = "exec"\ncommand = ["cat"]\n');
    const { status, stderr } = await place.skep(["up", other, "--json"]);
    expect(status).toBe(4);
    const { pid } = (await place.app.lastRun())!;
    const message = `the swarm s runs here already, under process ${pid}`;
    const error = { code: "E_RUNNING", message };
    expect(JSON.parse(stderr.trim().split("\n").at(-1)!)).toMatchObject({ error });
    const names = (await place.app.agents()).map(({ name, state }) => [name, state]);
    expect(names).toEqual([["a", "ready"]]);
    up.kill("SIGTERM");
    expect((await up.ended).stdout).toContain("1 stopped");
  });
  test("of several that start at once one runs", async () => {
    const place = await newPlace();
    const first = place.up({ a: idle });
    // The file is not to be written while they read it.
    const again = () => place.start(["up", join(place.directory, "swarm.json")]);
    const ups = [first, again(), again()];
    await place.becomes("a", "ready");
    // Whoever comes when the first one is up finds that there is nothing to change.
    const statuses = new Map<number, number | null>();
    for (const up of ups) void up.ended.then(({ status }) => statuses.set(up.pid, status));
    await waitUntil("all but one have ended", () => statuses.size === 2);
    for (const status of statuses.values()) expect([0, 4]).toContain(status!);
    for (const up of ups) up.kill("SIGTERM");
    await Promise.all(ups.map(({ ended }) => ended));
    expect([...statuses.values()].filter((status) => status === 143)).toHaveLength(1);
    expect((await place.app.lastRun())?.id).toBe(1);
  });
});

test("a supervisor whose run somebody else has ended stops, and takes what it started along", async () => {
  const place = await newPlace();
  const up = place.up({ a: { command: ["sleep", "1000"], restart: "on-failure" } });
  await place.becomes("a", "ready");
  // As one in another container does that has not heard of it for long. Nothing happens in the swarm meanwhile.
  await place.app.store.write((tx) => closeRun(tx, 1, "{}"));
  const { status, stderr } = await up.ended;
  expect(status).toBe(4);
  expect(stderr).toContain("run 1 was ended by somebody else");
  expect(place.left()).toEqual([]);
});

test("under up, names are proved and addresses known; afterwards the home is anybody's again", async () => {
  const place = await newPlace();
  const up = place.up({ worker: idle });
  await place.becomes("worker", "ready");
  const imposter = await place.skep(["recv", "--as", "worker", "--json"]);
  expect([imposter.status, JSON.parse(imposter.stderr).error.code]).toEqual([4, "E_IDENTITY"]);
  const forged = await place.skep(["recv", "--as", "worker"], { SKEP_TOKEN: "guess" });
  expect(forged.status).toBe(4);
  const stray = await place.skep(["send", "woker", "x"]);
  const guess = expect.stringContaining("Did you mean worker?");
  expect([stray.status, stray.stderr]).toEqual([3, guess]);
  expect((await place.skep(["send", "worker", "x", "--as", "me"])).status).toBe(0);
  up.kill("SIGTERM");
  await up.ended;
  expect((await place.skep(["send", "woker", "x"])).status).toBe(0);
  expect((await place.skep(["recv", "woker", "--as", "worker", "--ack"])).status).toBe(0);
});

test("with an open address book a name comes into being with its first message, and its changes of state are told", async () => {
  const place = await newPlace();
  const file = join(place.directory, "open.json");
  const worker = { command: ["sleep", "1000"], restart: "on-failure" };
  await Bun.write(file, JSON.stringify({ name: "s", address_book: "open", agents: { worker } }));
  const up = place.start(["up", file]);
  const { programPid } = await place.becomes("worker", "ready");
  expect((await place.skep(["subscribe", "agents.health", "watcher"])).status).toBe(0);
  process.kill(programPid!, "SIGKILL");
  await place.counts("watcher", { sent: 2 });
  const { stdout } = await place.skep(["recv", "watcher", "--max", "9", "--ack"]);
  const told = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(
    told.map(({ type, body }) => [type, JSON.parse(body).agent, JSON.parse(body).state]),
  ).toEqual([
    ["agent.starting", "worker", "starting"],
    ["agent.ready", "worker", "ready"],
  ]);
  expect(JSON.parse(told[0].body).reason).toMatch(
    /^starts again in .*: sleep was ended by SIGKILL$/,
  );
  up.kill("SIGTERM");
  await up.ended;
});

test("what was claimed under the name of an agent before there was one is taken back", async () => {
  const place = await newPlace();
  const id = await place.send("a", "work");
  expect((await place.skep(["recv", "a", "--as", "a", "--lease", "1h"])).status).toBe(0);
  const up = place.up({ a: idle });
  await waitUntil("the agent has done it", async () => (await place.ledger("a"))["acked"] === 1);
  const query = "select outcome, holder from attempts where delivery_id = $id";
  const attempts = await place.app.store.read((tx) => tx.all(query, { id }));
  expect(attempts).toEqual([{ outcome: "returned", holder: "a" }]);
  up.kill("SIGTERM");
  await up.ended;
});

test("a stop that was asked for without a signal is heard all the same", async () => {
  const place = await newPlace();
  const ended = place.app.runSwarm(await place.swarm({ a: idle }), until);
  await place.becomes("a", "ready");
  await place.app.store.write(async (tx) => {
    const run = await findOpenRun(tx);
    expect(await askToStop(tx, run!.id, 5_000)).toBe(true);
  });
  expect(await ended).toMatchObject({ stopAsked: true, agents: { stopped: 1 } });
});
