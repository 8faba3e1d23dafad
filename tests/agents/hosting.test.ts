import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Charge, newCharge } from "../../src/agents/charge.ts";
import { type Gone, openHosting } from "../../src/agents/hosting.ts";
import { quickest } from "../helpers/quickest.ts";
import { tempDir } from "../helpers/temp-dir.ts";
import { waitUntil } from "../helpers/wait-until.ts";
import { type Place, exists, fixtures, swarmPlaces } from "./swarm-place.ts";

const newPlace = swarmPlaces();
const names = ["m-1", "m-2", "m-3", "m-4"];
const four = { count: 4, pool: 1, restart: "on-failure", backoff_max: "1s" };
const module = { ...four, runner: "module", module: join(fixtures, "harms-its-host.ts") };
const grace = '[agents]\nstop_grace = "200ms"\n';
// A host that hangs gets little of a busy processor: until that is noticed its leases are not to run out.
const short = `${grace}drain_timeout = "5s"\nhang_timeout = "3s"\n[bus]\nlease = "10m"\n`;
const usual = `${grace}[bus]\nlease = "10m"\n`;

/** Every one of `those` once it is ready: their hosts and how often each was started again, in order. */
async function ready(place: Place, those = names) {
  const agents = [];
  for (const name of those) agents.push(await place.becomes(name, "ready"));
  return agents.map(({ hostPid, restarts }) => ({ hostPid: hostPid!, restarts }));
}

/** Waits until `those` are ready in other hosts than `hostPid`. */
async function back(place: Place, hostPid: number, those = names) {
  for (const name of those)
    await waitUntil(`${name} has another host`, async () => {
      const agent = await place.agent(name);
      return agent?.state === "ready" && agent.hostPid !== hostPid;
    });
  return await ready(place, those);
}

/** How often each message was acked, by the message. */
async function acks({ app }: Place): Promise<number[]> {
  const sql = `select (select count(*) from history h where h.message_id = m.id and h.outcome = 'acked') as acks
                 from messages m where topic is null order by id`;
  return (await app.store.read((tx) => tx.all<{ acks: number }>(sql))).map(({ acks }) => acks);
}

describe("agents that share a host", () => {
  test("modules share its process, and one that throws is not started again", async () => {
    // It is not tried again meanwhile.
    const place = await newPlace(`${grace}[bus]\nbackoff_min = "1h"\nbackoff_max = "1h"\n`);
    const up = place.up({ m: { ...module, pool: 2 } });
    const hosts = (await ready(place)).map(({ hostPid }) => hostPid);
    expect(new Set(hosts).size).toBe(2);
    expect(hosts[0]).toBe(hosts[2]!);
    await place.send("m-1", "throw");
    await place.counts("m-1", { delayed: 1 });
    for (const name of names) await place.send(name, "nothing");
    for (const name of names) await place.counts(name, { acked: 1 });
    expect(await ready(place)).toEqual(hosts.map((hostPid) => ({ hostPid, restarts: 0 })));
    up.kill("SIGTERM");
    await up.ended;
  });
  test("programs stay processes of their own: the end of one is no other's, that of their host is everybody's", async () => {
    const place = await newPlace();
    const loop =
      'while read -r l; do r=${l#*receipt\\":\\"}; echo "{\\"ack\\":\\"${r%%\\"*}\\"}"; done';
    const up = place.up({ m: { ...four, runner: "stream", command: ["sh", "-c", loop] } });
    const programs = async () =>
      Promise.all(names.map(async (name) => (await place.becomes(name, "ready")).programPid!));
    const { hostPid } = (await ready(place))[0]!;
    const before = await programs();
    expect(new Set([...before, hostPid]).size).toBe(5);
    process.kill(before[0]!, "SIGKILL");
    await waitUntil("it runs again", async () => (await place.agent("m-1"))?.restarts === 1);
    const after = await programs();
    expect(after.slice(1)).toEqual(before.slice(1));
    expect(after[0]).not.toBe(before[0]);
    process.kill(hostPid, "SIGKILL");
    await back(place, hostPid);
    // Who was killed is there until it gets a processor once more.
    await waitUntil("none of its programs is left", () => !after.some(exists));
    for (const name of names) await place.send(name, "x");
    for (const name of names) await place.counts(name, { acked: 1 });
    up.kill("SIGTERM");
    await up.ended;
  });
  test("a message to each is done at once, whichever process they are in", async () => {
    const place = await newPlace();
    const many = Array.from({ length: 30 }, (_, index) => `m-${index + 1}`);
    const up = place.up({ m: { ...module, count: 30, pool: 2 } });
    await ready(place, many);
    const waiting = "select count(*) as count from waiters where wants = 'mail' and waiting = 1";
    let acked = 0;
    const tookMs = await quickest(900, async () => {
      await waitUntil("all of them wait", async () => {
        const row = await place.app.store.read((tx) => tx.get<{ count: number }>(waiting));
        return row!.count === 30;
      });
      const start = performance.now();
      await Promise.all(many.map((name) => place.send(name, "nothing")));
      acked++;
      for (const name of many) await place.counts(name, { acked });
      return performance.now() - start;
    });
    // Whoever is not woken looks by itself after a second.
    expect(tookMs).toBeLessThan(900);
    up.kill("SIGTERM");
    await up.ended;
  }, 240_000);
});

describe("a module that ends the host it shares", () => {
  for (const [how, way, settings, reason] of [
    ["calls process.exit", "exitOnce", usual, /its host exited with 7/],
    ["calls it without a code", "exitWellOnce", usual, /its host exited with 0/],
    ["loops for ever", "loopOnce", short, /a module kept its host .* for 3\.0s$/],
    ["waits without letting others", "sleepOnce", short, /a module kept its host/],
  ] as const)
    test(`one that ${how} is started again alone, with those that were at work; the others come back at no cost`, async () => {
      const place = await newPlace(settings);
      const up = place.up({ m: module });
      const { hostPid } = (await ready(place))[0]!;
      const go = join(place.directory, "go");
      await place.send("m-2", `wait ${go}`);
      await place.becomes("m-2", "busy");
      const once = join(place.directory, "once");
      await place.send("m-1", `${way} ${once}`);
      // Whoever is given something before that is at work too.
      await waitUntil("it does it", () => existsSync(once));
      // What comes while nobody is there is done by whoever comes back.
      for (const name of names) await place.send(name, "nothing");
      await waitUntil("it is told", () => reasonsOf(up.stderr(), "m-1").length > 0, 300_000);
      const [why] = reasonsOf(up.stderr(), "m-1");
      expect(why).toMatch(reason);
      expect(why).toStartWith("starts again in 1.0s: ");
      await Bun.write(go, "");
      for (const name of names.slice(0, 2)) await place.counts(name, { ready: 0, acked: 2 });
      for (const name of names.slice(2)) await place.counts(name, { ready: 0, acked: 1 });
      const [one, two, three, four] = await back(place, hostPid);
      expect([one, two, three, four].map((agent) => agent!.restarts)).toEqual([1, 1, 0, 0]);
      expect(three!.hostPid).toBe(four!.hostPid);
      expect(new Set([one, two, three].map((agent) => agent!.hostPid)).size).toBe(3);
      expect(await acks(place)).toEqual([1, 1, 1, 1, 1, 1]);
      up.kill("SIGTERM");
      await up.ended;
    }, 480_000);

  test("a message that does it each time goes to the dead letters, and harms the others no more", async () => {
    const place = await newPlace('[agents]\nstop_grace = "200ms"\n[bus]\nmax_attempts = 2\n');
    const up = place.up({ m: module });
    const { hostPid } = (await ready(place))[0]!;
    await place.send("m-1", "exit");
    await place.counts("m-1", { dead: 1 });
    const others = await back(place, hostPid, names.slice(1));
    await place.becomes("m-1", "ready");
    expect(others.map(({ restarts }) => restarts)).toEqual([0, 0, 0]);
    expect(new Set(others.map((other) => other.hostPid)).size).toBe(1);
    for (const name of names) await place.send(name, "nothing");
    for (const name of names) await place.counts(name, { acked: 1 });
    up.kill("SIGTERM");
    await up.ended;
  });
  test("when nobody was at work all are suspected of it, and only whoever does it again fails", async () => {
    const place = await newPlace();
    const up = place.up({ m: { ...module, restart_max: 1, restart_period: "1h" } });
    const { hostPid } = (await ready(place))[0]!;
    const exits = async (file: string, acked: number) => {
      await place.send("m-1", `exitLater ${join(place.directory, file)}`);
      // Whoever holds a message is at work.
      await place.counts("m-1", { acked });
      await Bun.write(join(place.directory, file), "");
    };
    await exits("first", 1);
    const agents = await back(place, hostPid);
    expect(agents.map(({ restarts }) => restarts)).toEqual([1, 1, 1, 1]);
    expect(new Set(agents.map((agent) => agent.hostPid)).size).toBe(4);
    await exits("second", 2);
    await place.becomes("m-1", "failed");
    for (const name of names.slice(1)) await place.send(name, "nothing");
    for (const name of names.slice(1)) await place.counts(name, { acked: 1 });
    expect(await ready(place, names.slice(1))).toEqual(agents.slice(1));
    up.kill("SIGTERM");
    await up.ended;
  });
  test("many that were at work are set apart in few hosts, and the swarm counts one end", async () => {
    const place = await newPlace();
    const many = Array.from({ length: 40 }, (_, index) => `m-${index + 1}`);
    const up = place.up({ m: { ...module, count: 40 }, other: { ...module, count: 1 } });
    const { hostPid } = (await ready(place, many))[0]!;
    const go = join(place.directory, "go");
    for (const name of many) await place.send(name, `wait ${go}`);
    for (const name of many) await place.becomes(name, "busy");
    process.kill(hostPid, "SIGKILL");
    await Bun.write(go, "");
    for (const name of many) await place.counts(name, { acked: 1 });
    const hosts = (await back(place, hostPid, many)).map((agent) => agent.hostPid);
    expect(new Set(hosts).size).toBe(16);
    expect(up.stderr()).not.toContain("gave up");
    up.kill("SIGTERM");
    expect((await up.ended).stdout).toContain("41 stopped");
  });
});

/** What was told of the agent in whole lines, without its name. */
function reasonsOf(stderr: string, name: string): string[] {
  const lines = stderr.split("\n").slice(0, -1);
  return lines.flatMap((line) => (line.startsWith(`${name} `) ? line.slice(name.length + 1) : []));
}

function hosting(script: string) {
  const gone: Gone[] = [];
  const parts = { home: tempDir(), skep: ["sh", "-c", script], common: {} };
  const open = openHosting({
    ...parts,
    onReport() {},
    onSaid() {},
    onGone: async (one) => void gone.push(one),
  });
  return { ...open, gone };
}

function charge(name: string, slot: number, pool?: number): Charge {
  const of = { name, group: "g", inbox: name, role: "worker", team: null, limits: {}, cwd: "/" };
  const how = { runner: "self", hostEnv: { PATH: process.env["PATH"]! }, assignment: () => null };
  return newCharge({ ...of, ...how, role: "worker", signature: "", pool }, slot, "token");
}

test("agents of a pool share its hosts, others have one each, and keep it", async () => {
  const { hostFor, hosts, ended } = hosting("cat");
  const pooled = await Promise.all([1, 2, 3].map((slot) => hostFor(charge("p", slot, 2))));
  expect(pooled[0]).toBe(pooled[2]!);
  expect(pooled[0]).not.toBe(pooled[1]!);
  const own = await hostFor(charge("a", 4));
  expect(await hostFor(charge("a", 4))).toBe(own);
  expect(hosts()).toHaveLength(3);
  for (const host of hosts()) host.end();
  await ended();
  expect(hosts()).toEqual([]);
});

test("nobody is handed to a host that was told to end, or has ended", async () => {
  const { hostFor, ended } = hosting("cat; sleep 0.1");
  const first = await hostFor(charge("a", 1));
  first.end();
  const second = await hostFor(charge("a", 1));
  expect(second.pid).not.toBe(first.pid);
  // The end of the first one does not take the second one's place away.
  await first.exited;
  expect(await hostFor(charge("a", 1))).toBe(second);
  process.kill(second.pid, "SIGKILL");
  await second.exited;
  const third = await hostFor(charge("a", 1));
  expect(third.pid).not.toBe(second.pid);
  third.end();
  await ended();
});

test("what a host said last is on one line, and of a report of its runtime what happened", async () => {
  const said = hosting("echo not >&2; echo today >&2; exit 3");
  await said.hostFor(charge("a", 1));
  await said.ended();
  expect(said.gone[0]).toMatchObject({ exit: { code: 3 }, lastWords: "not; today" });
  const crash = hosting(
    "echo 'RSS: 50 MB\n\npanic(main thread): abort()\noh no: it has crashed' >&2",
  );
  await crash.hostFor(charge("a", 1));
  await crash.ended();
  expect(crash.gone[0]).toMatchObject({ lastWords: "panic(main thread): abort()" });
});
