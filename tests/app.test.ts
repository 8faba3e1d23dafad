// What only shows when all parts are joined: a drain and a swarm on one bus.
import { expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { waitUntil } from "./helpers/wait-until.ts";
import { type Place, idle, swarmPlaces } from "./agents/swarm-place.ts";

const newPlace = swarmPlaces();

/** An agent that works until the file `go` is there. */
const slow = ({ directory }: Place) => ({
  runner: "exec",
  command: ["sh", "-c", "touch begun; until [ -e go ]; do sleep 0.02; done"],
  cwd: directory,
});

const summaryOf = ({ stdout }: { stdout: string }) => JSON.parse(stdout);

test("while the bus is drained no swarm starts, and nothing of it is left", async () => {
  const place = await newPlace();
  await place.skep(["drain"]);
  const { status, stderr } = await place.up({ a: idle }).ended;
  expect(status).toBe(4);
  expect(stderr).toContain("skep resume opens it again; then skep up.");
  expect(await place.app.lastRun()).toBeUndefined();
  await place.skep(["resume"]);
  place.up({ a: idle });
  await place.becomes("a", "ready");
  await place.skep(["down"]);
});

test("agents finish what they have in hand, take nothing more, and go on after resume", async () => {
  const place = await newPlace();
  const up = place.up({ a: slow(place) });
  await place.becomes("a", "ready");
  for (const body of ["1", "2"]) await place.send("a", body);
  await waitUntil("it has begun", () => existsSync(join(place.directory, "begun")));
  const drain = place.start(["drain", "--timeout", "1h", "--json"]);
  await waitUntil("the drain is on", () => drain.stderr().includes("1 lease left"));
  writeFileSync(join(place.directory, "go"), "");
  expect(summaryOf(await drain.ended)).toMatchObject({ settled: 1, returned: 0, parked: 1 });
  expect(await place.ledger("a")).toMatchObject({ acked: 1, parked: 1 });
  expect(JSON.parse((await place.skep(["resume", "--json"])).stdout).resumed).toBe(1);
  await waitUntil("it goes on", async () => (await place.ledger("a"))["acked"] === 2);
  await place.skep(["down"]);
  expect((await up.ended).status).toBe(0);
});

test("down on a drained bus leaves it closed, and each brings back its own", async () => {
  const place = await newPlace();
  place.up({ a: idle });
  await place.becomes("a", "ready");
  await place.skep(["down"]);
  await place.send("a", "of the run");
  place.up({ a: slow(place) });
  await waitUntil("it has begun", () => existsSync(join(place.directory, "begun")));
  await place.send("a", "of the drain");
  const begun = place.start(["drain", "--timeout", "1h"]);
  await waitUntil("the drain is on", () => begun.stderr().includes("1 lease left"));
  const down = summaryOf(await place.skep(["down", "--timeout", "0s", "--json"]));
  expect(down).toMatchObject({ parked: 2, returned: 1 });
  expect((await begun.ended).status).toBe(0);
  expect((await place.skep(["send", "a", "x"])).status).toBe(4);
  expect((await place.skep(["resume", "--json"])).stdout).toBe('{"resumed":0,"already":false}\n');
  expect(await place.ledger("a")).toMatchObject({ parked: 2, ready: 0 });
  writeFileSync(join(place.directory, "go"), "");
  place.up({ a: slow(place) });
  await waitUntil("up brings back its own", async () => (await place.ledger("a"))["acked"] === 2);
  await place.skep(["down"]);
});
