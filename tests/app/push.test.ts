// What a real swarm pushes to a receiver of OTLP, and that a receiver which misbehaves is said and counted, and stops nothing.
import { expect, test } from "bun:test";
import { type Place, idle, swarmPlaces } from "../agents/swarm-place.ts";
import { type OtlpReceiver, otlpReceivers, taken } from "../helpers/otlp-receiver.ts";
import { waitUntil } from "../helpers/wait-until.ts";

const newPlace = swarmPlaces();
const newReceiver = otlpReceivers();

// A push lasts until the next one at most: a machine that is busy for a second makes none of these late.
const every = "5s";

/** What is said of a receiver that was too late for a push, as this one is on a busy machine: above all for the last, which has a second. */
const late = /did not answer within/;

function placeFor({ url }: OtlpReceiver): Promise<Place> {
  return newPlace(
    `[agents]\nstop_grace = "200ms"\n[metrics]\nsample_every = "100ms"\n[export]\notlp_endpoint = "${url}"\notlp_every = "${every}"\notlp_headers = ["x-api-key: hidden"]\n`,
  );
}

/** The values of a counter or a gauge of inbox `a`, push by push. */
function valuesOf({ received }: OtlpReceiver, name: string): number[] {
  return received.flatMap(({ metrics }) =>
    metrics
      .filter((metric) => metric.name === name)
      .flatMap(({ points }) => points)
      .filter(({ attributes }) => attributes["inbox"] === "a")
      .map(({ value }) => value),
  );
}

async function recorded({ app }: Place, name: string): Promise<{ value: number; tags: string }[]> {
  const store = await app.vitals();
  return store.read((tx) =>
    tx.all<{ value: number; tags: string }>("select value, tags from metrics where name = $name", {
      name,
    }),
  );
}

test("a swarm pushes as long as it is up: counters that grow, processes, and at last how all of it ended", async () => {
  const receiver = newReceiver();
  const place = await placeFor(receiver);
  const up = place.up({ a: idle });
  await place.becomes("a", "ready");
  await place.send("a", "one");
  await waitUntil("it was told", () => valuesOf(receiver, "skep_inbox_sent").includes(1));
  await place.send("a", "two");
  await waitUntil("it grew", () => valuesOf(receiver, "skep_inbox_sent").includes(2));
  await waitUntil("processes were told", () =>
    receiver.received.some(({ metrics }) =>
      metrics.some(({ name }) => name === "skep_process_resident_memory_bytes"),
    ),
  );
  await waitUntil("what went through was recorded", async () => {
    const points = await recorded(place, "export.points");
    return points.length > 0 && points.every(({ value }) => value > 30);
  });
  await place.skep(["down"]);
  let { status, stderr } = await up.ended;
  // On a busy machine the last push may come too late: then it goes up and down once more.
  while (late.test(stderr)) {
    const again = place.up({ a: idle });
    await place.becomes("a", "ready");
    await place.skep(["down"]);
    ({ status, stderr } = await again.ended);
  }
  expect(status).toBe(0);
  expect(receiver.wrong).toEqual([]);
  const sent = valuesOf(receiver, "skep_inbox_sent");
  expect(sent).toEqual(sent.toSorted((x, y) => x - y));
  const first = receiver.received[0]!;
  const last = receiver.received.at(-1)!;
  expect(last.metrics.find(({ name }) => name === "skep_agents")!.points).toContainEqual(
    expect.objectContaining({ attributes: { state: "stopped" }, value: 1 }),
  );
  expect(last.resource).toMatchObject({ "service.name": "skep", "skep.swarm": "s" });
  expect(last.resource["service.instance.id"]).toBe(first.resource["service.instance.id"]!);
  expect(last.headers["x-api-key"]).toBe("hidden");
  expect(stderr).not.toContain("metrics");
  expect(stderr).not.toContain("hidden");
}, 240_000);

test("a receiver that takes nothing is said once, and counted, and that it takes them again is said", async () => {
  const receiver = newReceiver();
  receiver.answer = () => Response.json({ message: "no such tenant" }, { status: 400 });
  const place = await placeFor(receiver);
  const up = place.up({ a: idle });
  await place.becomes("a", "ready");
  await waitUntil("failures were counted", async () => {
    const failures = await recorded(place, "export.failures");
    return failures.filter(({ tags }) => tags === '{"kind":"refused"}').length >= 2;
  });
  // The work goes on.
  await place.send("a", "x");
  await waitUntil("it was done", async () =>
    (await place.skep(["inboxes", "--json"])).stdout.includes('"acked":1'),
  );
  receiver.answer = taken;
  const { host } = new URL(receiver.url);
  await waitUntil("all is well", () => up.stderr().includes(`metrics are taken by ${host}\n`));
  await place.skep(["down"]);
  const { stderr } = await up.ended;
  const lines = stderr.split("\n").filter((line) => line.includes("metrics"));
  const said = lines.map((line) => line.replace(/^skep: /, ""));
  const well = `metrics are taken by ${host}`;
  // On a busy machine a push may come too late, and what is well once more is said once more.
  const isLate = (line: string, at: number) =>
    late.test(line) || (line === well && late.test(said[at - 1]!) && said[at - 2] === well);
  expect(said.filter((line, at) => !isLate(line, at))).toEqual([
    `metrics were not taken: ${host} answered with 400: no such tenant`,
    well,
  ]);
}, 240_000);

test("a receiver that hangs keeps no swarm up", async () => {
  const receiver = newReceiver();
  receiver.answer = () => new Promise<never>(() => {});
  const place = await placeFor(receiver);
  const up = place.up({ a: idle });
  await place.becomes("a", "ready");
  await waitUntil("it hangs", () => receiver.received.length > 0);
  expect((await place.skep(["down"])).status).toBe(0);
  expect((await up.ended).status).toBe(0);
});
