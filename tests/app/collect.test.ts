// The metrics of a real run: what its supervisor samples and hears is in vitals.db, and a file that is damaged stops nobody.
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { watchedOf } from "../../src/app/collect.ts";
import type { Agent } from "../../src/agents/registry.ts";
import { type Place, idle, swarmPlaces } from "../agents/swarm-place.ts";
import { waitUntil } from "../helpers/wait-until.ts";

const newPlace = swarmPlaces();

const often = '[agents]\nstop_grace = "200ms"\n[metrics]\nsample_every = "100ms"\n';

interface Row {
  name: string;
  agent: string | null;
  value: number;
  unit: string;
  tags: string;
  at: number;
}

async function rowsIn({ app }: Place): Promise<Row[]> {
  const store = await app.vitals();
  return store.read((tx) => tx.all<Row>("select name, agent, value, unit, tags, at from metrics"));
}

test("processes, inboxes and events of a swarm are recorded, each with its unit", async () => {
  const place = await newPlace(often);
  const sleeper = { runner: "self", command: ["sleep", "1000"] };
  place.up({
    a: idle,
    b: sleeper,
    d: { runner: "self", command: ["true"] },
    c: { ...idle, count: 2, pool: 1 },
  });
  for (const name of ["a", "b", "c-1", "c-2"]) await place.becomes(name, "ready");
  // Until both are there the host of a pool is that of the first.
  const readyAt = Date.now();
  await place.skep(["pause", "a"]);
  await place.send("a", "waits");
  const kinds = ["supervisor", "host", "program"];
  let sinceAt = 0;
  const rows = await waitUntil("all of it is there", async () => {
    const found = await rowsIn(place);
    // The first sample since then may have begun before it.
    const [, second] = found
      .filter(({ name, at }) => name === "process.memory" && at > readyAt)
      .filter(({ tags }) => JSON.parse(tags).kind === "supervisor")
      .map(({ at }) => at)
      .toSorted((x, y) => x - y);
    if (second === undefined) return false;
    sinceAt = second;
    const has = (name: string, test: (row: Row) => boolean = () => true) =>
      found.some((row) => row.name === name && test(row));
    return (
      kinds.every((kind) =>
        has("process.cpu", ({ tags, at }) => at >= second && JSON.parse(tags).kind === kind),
      ) &&
      has("inbox.depth", ({ tags }) => JSON.parse(tags).inbox === "a") &&
      has("swarm.start_time") &&
      // It ends by itself; how those end that are there when the swarm goes down is in its closing summary.
      has("agent.ends", ({ agent, tags }) => agent === "d" && tags === '{"state":"stopped"}') &&
      found
    );
  });
  const of = (name: string) => rows.filter((row) => row.name === name);
  expect(
    of("agent.starts")
      .map(({ agent }) => agent)
      .sort(),
  ).toEqual(["a", "b", "c-1", "c-2", "d"]);
  expect(of("swarm.agents")).toMatchObject([{ value: 5, unit: "count" }]);
  const depths = of("inbox.depth");
  expect(depths).toMatchObject(depths.map(() => ({ value: 1, tags: '{"inbox":"a"}' })));
  expect(of("inbox.utilization")[0]).toMatchObject({ value: 0.1, unit: "percent" });
  // The program of an idle exec agent runs for no message; the host of a pool is nobody's own.
  const lasting = of("process.memory").filter(({ agent, at }) => agent !== "d" && at >= sinceAt);
  const processes = new Set(lasting.map(({ agent, tags }) => `${agent} ${tags}`));
  expect([...processes].sort()).toEqual([
    'a {"group":"a","kind":"host"}',
    'b {"group":"b","kind":"host"}',
    'b {"group":"b","kind":"program"}',
    'null {"first":"c-1","group":"c","kind":"host"}',
    'null {"kind":"supervisor"}',
  ]);
  for (const name of ["process.memory", "process.descriptors"])
    expect([name, of(name).every(({ value }) => value > 0)]).toEqual([name, true]);
  await place.skep(["down"]);
});

test("without sampling nothing is recorded but what users emit", async () => {
  const place = await newPlace(often.replace("100ms", "0s"));
  place.up({ a: idle });
  await place.becomes("a", "ready");
  await place.skep(["metrics", "emit", "mine", "1"]);
  await place.skep(["down"]);
  expect((await rowsIn(place)).map(({ name }) => name)).toEqual(["mine"]);
});

test("a damaged file stops no swarm, and once it is gone recording goes on", async () => {
  const place = await newPlace(often);
  writeFileSync(join(place.home, "vitals.db"), "x".repeat(5_000));
  place.up({ a: { runner: "exec", command: ["cat"] } });
  await place.becomes("a", "ready");
  expect((await place.skep(["request", "a", "hello", "--timeout", "2m"])).status).toBe(0);
  for (const name of readdirSync(place.home))
    if (name.startsWith("vitals.db")) rmSync(join(place.home, name));
  // What was heard meanwhile is not lost either.
  await waitUntil("it is recorded", async () =>
    (await rowsIn(place)).some(({ name }) => name === "agent.starts"),
  );
  await place.skep(["down"]);
});

test("a process is watched once, however many agents it serves", () => {
  const agent = (name: string, hostPid: number | null, programPid: number | null) =>
    ({ name, group: "g", hostPid, hostStartTime: 5, programPid, programStartTime: 6 }) as Agent;
  const agents = [
    agent("a", 10, null),
    agent("b", 10, 12),
    agent("c", 11, null),
    agent("d", null, null),
  ];
  const watched = watchedOf(agents, { pid: 1, startTime: 2 });
  expect(watched.map(({ pid, startTime, agent: whose }) => [pid, startTime, whose])).toEqual([
    [1, 2, null],
    [10, 5, null],
    [11, 5, "c"],
    [12, 6, "b"],
  ]);
});
