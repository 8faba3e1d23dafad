// What a swarm serves to Prometheus while it is up, with real ones.
import { expect, test } from "bun:test";
import { idle, swarmPlaces } from "../../agents/swarm-place.ts";
import { waitUntil } from "../../helpers/wait-until.ts";

const newPlace = swarmPlaces();

/** A port that was free a moment ago, and is none of those that the kernel gives to whoever asks for any. */
function freePort(): number {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    try {
      Bun.listen({ hostname: "127.0.0.1", port, socket: { data() {} } }).stop(true);
      return port;
    } catch {
      // It is somebody's: another one.
    }
  }
}

test("up --metrics-port serves exact figures to this machine alone, also after its supervisor was killed", async () => {
  const place = await newPlace();
  const port = freePort();
  const url = `http://127.0.0.1:${port}/metrics`;
  const up = place.up({ a: idle }, ["--metrics-port", `${port}`]);
  await place.becomes("a", "ready");
  await place.send("a", "x");
  const lines = () =>
    waitUntil("it answers", async () => {
      const answer = await fetch(url).catch(() => undefined);
      return answer?.ok === true && (await answer.text()).split("\n");
    });
  await waitUntil("it counts what was acked", async () =>
    (await lines()).includes('skep_inbox_ended_total{inbox="a",outcome="acked"} 1'),
  );
  expect(await lines()).toContain("skep_supervisor_up 1");
  await waitUntil("it says where", () => up.stderr().includes(`metrics at ${url}`));
  // Nobody listens at any other address.
  await expect(fetch(`http://127.0.0.2:${port}/metrics`)).rejects.toThrow();
  process.kill((await place.app.lastRun())!.pid, "SIGKILL");
  await waitUntil("it says so again", () => up.stderr().split(`metrics at ${url}`).length === 3);
  expect(await lines()).toContain("skep_inboxes 1");
  up.kill("SIGINT");
  expect((await up.ended).status).toBe(130);
});
test("a port that is taken keeps a swarm from starting, with an error that names it", async () => {
  const place = await newPlace();
  const other = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  try {
    const up = place.up({ a: idle }, ["--metrics-port", `${other.port}`]);
    const { status, stderr } = await up.ended;
    expect(status).toBe(4);
    expect(stderr).toContain(`port ${other.port} of 127.0.0.1, for metrics, is taken`);
    expect(await place.app.agents()).toEqual([]);
  } finally {
    other.stop(true);
  }
});
