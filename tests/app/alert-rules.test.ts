// Rules of users in a real run: over what programs emit, and over what skep's own rules read.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { type Place, idle, swarmPlaces } from "../agents/swarm-place.ts";
import { jsonLines } from "../end-to-end/json.ts";
import { waitUntil } from "../helpers/wait-until.ts";

const newPlace = swarmPlaces();

interface Row {
  rule: string;
  subject: string;
  state: string;
  value: number;
  unit: string;
  severity: string;
}

// That a swarm starts slowly on a busy machine is no alert here, nor is a disk that is full.
const often =
  '[agents]\nstop_grace = "200ms"\n[alerts]\nevaluate_every = "50ms"\ncoordination_time = "1h"\ndisk_free_min = 0\n';

async function alertsOf({ skep }: Place): Promise<Row[]> {
  return jsonLines<Row>((await skep(["alerts", "history", "--json"])).stdout);
}

async function comes(place: Place, rule: string, subject: string, state: string): Promise<Row> {
  return await waitUntil(`${rule} of ${subject} is ${state}`, async () =>
    (await alertsOf(place)).find(
      (row) => row.rule === rule && row.subject === subject && row.state === state,
    ),
  );
}

test("what programs of a swarm emit fires once for each that it is wrong with, and is over when it is right", async () => {
  const place = await newPlace(`${often}
[alerts.rules.slow-build]
metric = "build.time"
above = 5000
recovery = "80%"
window = "1h"
by = "agent"
severity = "critical"
about = "builds are slow"
[alerts.rules.any-build]
metric = "build.time"
of = "count"
window = "5s"
at_least = 1
cooldown = "7d"
[alerts.rules.no-build]
metric = "build.tiem"
above = 0
`);
  const command = ["sh", "-c", 'skep metrics emit build.time "$(cat)" --unit ms'];
  const builder = { runner: "exec", command };
  place.up({ a: builder, b: builder });
  for (const name of ["a", "b"]) await place.becomes(name, "ready");
  await place.skep(["subscribe", "alerts", "ops"]);
  await place.send("b", "4999");
  await place.send("a", "6000");
  const fired = await comes(place, "slow-build", "a", "firing");
  expect(fired).toMatchObject({ value: 6_000, unit: "ms", severity: "critical" });
  // A build counts for 5 s. Whoever looks later than that sees the next one.
  await waitUntil("any build is seen", async () => {
    if ((await alertsOf(place)).some(({ rule }) => rule === "any-build")) return true;
    await place.send("b", "4999");
    return false;
  });
  // The window goes by, and nothing comes any more.
  await comes(place, "any-build", "build.time", "resolved");
  await place.send("a", "4500");
  await place.send("a", "4000");
  await comes(place, "slow-build", "a", "resolved");
  const rows = await alertsOf(place);
  expect(rows.map(({ rule, subject }) => `${rule} ${subject}`).sort()).toEqual([
    "any-build build.time",
    "slow-build a",
  ]);
  await waitUntil("whoever is subscribed was told of both", async () => {
    const { stdout } = await place.skep(["peek", "ops", "--max", "100"]);
    const told = jsonLines(stdout).map(({ body }) => JSON.parse(String(body)) as Row);
    return (
      told
        .filter(({ rule }) => rule === "slow-build")
        .map(({ state, unit }) => `${state} ${unit}`)
        .join() === "firing ms,resolved ms"
    );
  });
  const { stdout, stderr } = await place.skep(["alerts", "rules"]);
  expect(stdout).toMatch(
    /\nslow-build +critical +last of build.time in 1h by agent above 5000 +bu/,
  );
  expect(stderr).toContain(
    "alerts.rules.no-build looks at build.tiem, and nothing was recorded under that name so far. Did you mean build.time?",
  );
  expect(stderr).not.toContain("slow-build");
  await place.skep(["down"]);
});

test("an inbox can have a threshold of its own, and a rule of skep's own be switched off", async () => {
  const place = await newPlace(`${often}queue_depth_max = 1
[alerts.rules.payments]
metric = "inbox.depth"
above = 2
subject = "payments"
[alerts.rules.queue-depth]
enabled = false
`);
  place.up({ payments: idle, other: idle });
  for (const name of ["payments", "other"]) {
    await place.becomes(name, "ready");
    await place.skep(["pause", name]);
    await place.becomes(name, "paused");
    for (const body of ["1", "2", "3"]) await place.send(name, body);
  }
  await comes(place, "payments", "payments", "firing");
  await place.skep(["unpause", "payments"]);
  await comes(place, "payments", "payments", "resolved");
  expect((await alertsOf(place)).map(({ rule, subject }) => [rule, subject])).toEqual([
    ["payments", "payments"],
  ]);
  expect((await place.skep(["alerts", "rules"])).stdout).toMatch(
    /\nqueue-depth +warning +never: switched off/,
  );
  const rules = jsonLines<{ name: string }>(
    (await place.skep(["alerts", "rules", "--json"])).stdout,
  );
  expect(rules.find(({ name }) => name === "queue-depth")).toMatchObject({
    enabled: false,
    user: null,
  });
  expect(rules.at(-1)).toMatchObject({
    name: "payments",
    reads: "inbox.depth",
    threshold: 2,
    unit: "deliveries",
    enabled: true,
    user: { of: null, subject: "payments", hold_ms: 0 },
  });
  expect((await place.skep(["alerts", "silence", "--rule", "payments"])).status).toBe(0);
  expect((await place.skep(["alerts", "silence", "--rule", "paymnets"])).stderr).toContain(
    "Did you mean payments?",
  );
  await place.skep(["down"]);
});

test("what fires goes on for whoever looks next; by a rule that is no more it is over, and that is told", async () => {
  const rule = (name: string, metric: string) =>
    `[alerts.rules.${name}]\nmetric = "${metric}"\nabove = 1\nwindow = "1h"\n`;
  const place = await newPlace(often + rule("mine", "m") + rule("other", "n"));
  await place.skep(["metrics", "emit", "m", "5"]);
  await place.skep(["subscribe", "alerts", "ops"]);
  const first = place.start(["alerts", "watch"]);
  await comes(place, "mine", "m", "firing");
  first.kill("SIGTERM");
  await first.ended;
  const second = place.start(["alerts", "watch"]);
  await place.skep(["metrics", "emit", "n", "5"]);
  await comes(place, "other", "n", "firing");
  second.kill("SIGTERM");
  expect((await second.ended).stdout).not.toContain("mine");
  writeFileSync(join(place.home, "skep.toml"), often + rule("other", "n"));
  const third = place.start(["alerts", "watch"]);
  await comes(place, "mine", "m", "resolved");
  await waitUntil("it was told", async () => {
    const { stdout } = await place.skep(["peek", "ops", "--max", "100"]);
    const told = jsonLines(stdout).map(({ body }) => JSON.parse(String(body)) as Row);
    const ofRule = told.filter(({ rule }) => rule === "mine");
    return ofRule.map(({ state }) => state).join() === "firing,resolved";
  });
  third.kill("SIGTERM");
  await third.ended;
  expect((await alertsOf(place)).map(({ rule, state }) => [rule, state])).toEqual([
    ["other", "firing"],
    ["mine", "resolved"],
  ]);
});
