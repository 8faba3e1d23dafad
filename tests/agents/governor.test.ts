import { expect, test } from "bun:test";
import { cpus } from "node:os";
import { join } from "node:path";
import { readFileSync, writeFileSync } from "node:fs";
import { openApp } from "../../src/app.ts";
import { findHold } from "../../src/agents/hold.ts";
import { defaults } from "../../src/config/settings.ts";
import { readSwarmFile } from "../../src/config/swarm-file.ts";
import { openStrain } from "../../src/core/strain.ts";
import { waitUntil } from "../helpers/wait-until.ts";
import { type Place, idle, swarmPlaces } from "./swarm-place.ts";

const newPlace = swarmPlaces();
const times = '[agents]\nstop_grace = "200ms"\n[metrics]\nsample_every = "100ms"\n';
// Whatever is left of the memory is too little.
const alwaysShort = `${times}[governor]\nmemory_low = 100\nmemory_high = 100\nchange_every = "1s"\n`;

const holdOf = ({ app }: Place) => app.store.read((tx) => findHold(tx, app.clock.boot));

const heldTo = (place: Place, level: number) =>
  waitUntil(`it is held to ${level} %`, async () => (await holdOf(place))?.level === level);

/** The points of that metric so far. */
async function pointsOf({ skep }: Place, name: string) {
  const { stdout } = await skep(["export", "jsonl", "metrics"]);
  const all = stdout.trim().split("\n").filter(Boolean);
  return all
    .map((line) => JSON.parse(line) as { name: string; value: number; tags: object })
    .filter((point) => point.name === name);
}

test("what is decided is in the log, in skep limits and skep status, and among the metrics", async () => {
  const place = await newPlace(alwaysShort);
  const up = place.up({ a: idle });
  await heldTo(place, 25);
  const words =
    /^the governor holds back starts and claims to 25 % since \S+: [\d.]+ % of the memory is left$/m;
  // A supervisor that gets no processor for 15 s does not repeat its hold in time, and for a moment there is none.
  await waitUntil("skep limits says it", async () =>
    words.test((await place.skep(["limits"])).stderr),
  );
  await waitUntil("skep status says it", async () =>
    words.test((await place.skep(["status"])).stdout),
  );
  const governor = await waitUntil("it is held", async () => {
    const status = JSON.parse((await place.skep(["status", "--json"])).stdout);
    return status.governor?.level < 100 && status.governor;
  });
  expect(governor).toMatchObject({
    level: 25,
    cause: "memory",
    reason: expect.stringContaining("memory is left"),
    since_at: expect.any(Number),
  });
  await waitUntil("it is said", () => up.stderr().includes("claims to 25 %: "));
  expect(up.stderr()).toMatch(/^the governor holds back starts and claims to 50 %: .* is left$/m);
  const points = await waitUntil("both are recorded", async () => {
    const found = await pointsOf(place, "governor.level");
    return found.length === 2 ? found : undefined;
  });
  expect(points).toMatchObject([
    { value: 50, tags: { cause: "memory" } },
    { value: 25, tags: { cause: "memory" } },
  ]);
  up.kill("SIGTERM");
  await up.ended;
  expect((await place.skep(["limits"])).stderr).not.toContain("governor");
  expect(JSON.parse((await place.skep(["status", "--json"])).stdout)).toMatchObject({
    governor: null,
  });
});

test("agents that are held back go on, one that asks another in its work as well, and so do those that start anew or are new", async () => {
  const place = await newPlace(alwaysShort);
  const asks = (who: string) => ({
    runner: "exec",
    command: ["sh", "-c", `exec skep request ${who} "$(cat) by $SKEP_AGENT" --timeout 200s`],
  });
  const handler = join(place.directory, "handler.ts");
  writeFileSync(handler, "export const handle = async ({ body }) => `${body} and d`;");
  const agents = {
    a: asks("b"),
    b: asks("c"),
    c: asks("d"),
    d: { runner: "module", module: handler },
    // One host for both, and one program at a time.
    p: { runner: "exec", command: ["cat"], count: 2, pool: true, at_once: 1 },
    f: { ...idle, command: ["sh", "-c", "exit 3"], restart: "never" },
  };
  const up = place.up(agents);
  await heldTo(place, 25);
  const asking = [1, 2].map((n) => place.skep(["request", "a", `${n}`, "--timeout", "200s"]));
  for (const { status, stdout } of await Promise.all(asking)) {
    expect(status).toBe(0);
    const { body } = JSON.parse(stdout) as { body: string };
    expect(body).toContain("by c");
    expect(JSON.parse(JSON.parse(JSON.parse(body).body).body).body).toMatch(
      /^\d by a by b by c and d$/,
    );
  }
  for (const to of ["p-1", "p-2"]) {
    for (let n = 0; n < 2; n++) await place.send(to, "x");
    await place.counts(to, { acked: 2 });
  }
  expect((await place.skep(["scale", "p", "5"])).status).toBe(0);
  await place.becomes("p-5", "ready");
  await place.send("p-5", "x");
  await place.counts("p-5", { acked: 1 });
  expect((await place.skep(["restart", "a"])).status).toBe(0);
  await place.becomes("a", "ready");
  up.kill("SIGTERM");
  await up.ended;
}, 240_000);

test("the hosts of the swarm hear of it, those that start later as well, and their agents rest", async () => {
  const place = await newPlace(alwaysShort);
  const at = join(place.directory, "at");
  const works = ["sh", "-c", `date +%s%3N >>${at}; sleep 0.2; date +%s%3N >>${at}`];
  const up = place.up({ a: { runner: "exec", command: works, count: 1 } });
  await heldTo(place, 25);
  expect((await place.skep(["scale", "a", "2"])).status).toBe(0);
  for (const name of ["a-1", "a-2"]) {
    await place.becomes(name, "ready");
    let restMs = 0;
    // A supervisor that gets no processor for 15 s is not heard of, and its hosts rest no more until it is.
    for (let tries = 1; tries <= 3 && restMs < 290; tries++) {
      writeFileSync(at, "");
      for (let n = 0; n < 3; n++) await place.send(name, "x");
      await place.counts(name, { acked: 3 * tries });
      const times = readFileSync(at, "utf8").trim().split("\n").map(Number);
      restMs = Math.min(...[2, 4].map((n) => times[n]! - times[n - 1]!));
    }
    // Half of three times as long as they work, at least.
    expect(restMs).toBeGreaterThanOrEqual(290);
  }
  up.kill("SIGTERM");
  await up.ended;
});

test("of those that start a quarter do at once, and what failed rests four times as long", async () => {
  const place = await newPlace(times);
  const log = join(place.directory, "begun");
  // A host that takes its time to start, and says when it began.
  const slow = `date +%s%3N >>${log}; sleep 0.2; exec ${place.executable} "$@"`;
  const governor = { ...defaults.governor, memoryLow: 100, memoryHigh: 100, changeEveryMs: 1_000 };
  const app = await openApp(place.home, { ...defaults, governor }, ["sh", "-c", slow, "host"]);
  const go = join(place.directory, "go");
  const path = join(place.directory, "swarm.json");
  const fails = ["sh", "-c", `until test -e ${go}; do sleep 0.01; done; exit 3`];
  const agents = { a: { ...idle, count: 1 }, f: { command: fails, backoff_min: "10s" } };
  writeFileSync(path, JSON.stringify({ name: "s", agents, start_at_once: 4 }));
  const stop = new AbortController();
  const swarm = await readSwarmFile(path);
  const running = app.runSwarm(swarm, { signal: stop.signal, urgent: stop.signal });
  await heldTo(place, 25);
  await app.order({ verb: "scale", subject: "a", amount: 5 }, stop.signal);
  await place.becomes("a-5", "ready");
  const begun = readFileSync(log, "utf8").trim().split("\n").map(Number);
  expect(begun).toHaveLength(6);
  for (let n = 3; n < 6; n++) expect(begun[n]! - begun[n - 1]!).toBeGreaterThanOrEqual(200);
  writeFileSync(go, "");
  await waitUntil("it starts again", async () =>
    (await place.agent("f"))?.reason?.startsWith("starts again in 40.0s"),
  );
  stop.abort();
  await running;
  await app.close();
});

test("what stands in line for a processor holds back as well, and lets go when it is gone", async () => {
  // Others may work on this machine: what comes on top of them counts.
  const strain = openStrain();
  const looks: number[] = [];
  await waitUntil("the load is known", () => looks.push(strain().load!) === 100);
  // They may have more to do soon: 50 tasks, or five to each processor.
  const most = Math.ceil(Math.max(...looks) + Math.max(500, 5_000 / cpus().length));
  const load = `load_high = ${most + 500}\nload_low = ${most}\nwindow = "2s"\n`;
  const nothingElse = "memory_low = 0\nmemory_high = 0\npressure_high = 100\n";
  const place = await newPlace(`${times}[governor]\n${load}${nothingElse}change_every = "1s"\n`);
  const up = place.up({ a: idle });
  await place.becomes("a", "ready");
  const many = Math.ceil(((most + 1_000) / 100) * cpus().length);
  const busy = Array.from({ length: many }, () =>
    Bun.spawn(["nice", "-n", "19", "sh", "-c", "while :; do :; done"]),
  );
  try {
    const hold = await waitUntil("it is held back", async () => {
      const now = await holdOf(place);
      return now !== undefined && now.level < 100 ? now : undefined;
    });
    expect(hold).toMatchObject({
      cause: "load",
      reason: expect.stringMatching(/^\d+(\.\d)? tasks to each processor$/),
    });
  } finally {
    for (const one of busy) one.kill("SIGKILL");
  }
  await waitUntil("it lets go", async () => (await holdOf(place))?.level === 100);
  await waitUntil("it is said", () =>
    /^the governor holds nothing back any more$/m.test(up.stderr()),
  );
  up.kill("SIGTERM");
  await up.ended;
}, 240_000);

test("switched off it decides nothing", async () => {
  const place = await newPlace(`${alwaysShort}mode = "off"\n`);
  const up = place.up({ a: idle });
  await place.becomes("a", "ready");
  // Its supervisor has gone on for longer than the governor would have taken to have its say.
  const sampled = async () => {
    const { rows } = await place.app.query(
      "select max(at) - min(at) from vitals.metrics where name = 'process.cpu'",
    );
    return Number(rows[0]![0]) > 2_500;
  };
  await waitUntil("it was sampled for a while", sampled);
  expect(await holdOf(place)).toBeUndefined();
  expect(up.stderr()).not.toContain("governor");
  up.kill("SIGTERM");
  await up.ended;
});
