import { expect, test } from "bun:test";
import { join } from "node:path";
import { waitUntil } from "../helpers/wait-until.ts";
import { swarmPlaces } from "./swarm-place.ts";

const newPlace = swarmPlaces();

test("when a coordinator fails for good another one gets its workers and what it has not settled, until it is started again", async () => {
  const place = await newPlace();
  // A coordinator that works on nothing before it is let, so that it leaves something behind.
  const lead = (go: string) => ({
    role: "coordinator",
    runner: "exec",
    command: ["sh", "-c", `until test -e ${join(place.directory, go)}; do sleep 0.01; done`],
  });
  const hand =
    'while :; do skep recv --wait 1h --ack && skep send @coordinator "from $SKEP_AGENT"; done';
  const agents = {
    "lead-a": { ...lead("a"), team: "one" },
    "lead-b": { ...lead("b"), team: "two" },
    hand: { team: "one", command: ["sh", "-c", hand] },
  };
  const file = join(place.directory, "led.json");
  const once = Object.entries(agents).map(([name, agent]) => [
    name,
    { restart: "never", ...agent },
  ]);
  await Bun.write(
    file,
    JSON.stringify({ name: "led", topology: "hybrid", agents: Object.fromEntries(once) }),
  );
  const up = place.start(["up", file]);
  for (const name of ["lead-a", "lead-b", "hand"]) await place.becomes(name, "ready");
  const ids = [await place.send("lead-a", "1"), await place.send("lead-a", "2")];
  const { hostPid } = await place.becomes("lead-a", "busy");
  process.kill(hostPid!, "SIGKILL");
  await place.becomes("lead-a", "dead");
  await waitUntil("it is told", () =>
    up.stderr().includes("lead-b takes over from lead-a: its workers, and 2 messages"),
  );
  expect(await place.ledger("lead-a")).toMatchObject({ moved_out: 2, ready: 0, leased: 0 });
  await place.counts("lead-b", { moved_in: 2 });
  const trace = await place.skep(["trace", String(ids[1])]);
  expect(trace.stdout).toContain("moved from lead-a to lead-b: lead-a failed");
  // Its worker writes to the other one now, and so does whoever writes to the one that is gone.
  await place.send("hand", "go");
  await place.counts("lead-b", { sent: 1 });

  await place.skep(["restart", "lead-a"]);
  await place.becomes("lead-a", "ready", "busy");
  await place.send("hand", "go");
  await place.counts("lead-a", { sent: 3 });
  await Promise.all(["a", "b"].map((go) => Bun.write(join(place.directory, go), "")));
  await place.counts("lead-b", { acked: 3 });
  await place.counts("lead-a", { acked: 1 });
  up.kill("SIGTERM");
  expect((await up.ended).status).toBe(143);
});

test("who may write to whom is held by the bus for as long as the swarm runs", async () => {
  const place = await newPlace();
  const say = (to: string) => ({
    command: ["sh", "-c", `skep send ${to} x 2>&1; echo "exit $?"; sleep 1000`],
  });
  const file = join(place.directory, "led.json");
  const agents = {
    lead: { role: "coordinator", runner: "exec", command: ["cat"] },
    good: say("@coordinator"),
    bad: say("good"),
  };
  await Bun.write(file, JSON.stringify({ name: "led", topology: "hierarchical", agents }));
  const up = place.start(["up", file]);
  await waitUntil("both have said it", () =>
    ["good", "bad"].every((name) => /exit \d/.test(readLog(place, name))),
  );
  expect(readLog(place, "good")).toContain("exit 0");
  expect(readLog(place, "bad")).toContain("good is not in the address book of bad");
  expect(readLog(place, "bad")).toContain("exit 3");
  up.kill("SIGTERM");
  await up.ended;
  expect((await place.skep(["send", "good", "x", "--as", "bad"])).status).toBe(0);
});

function readLog(place: { log(name: string): string }, name: string): string {
  try {
    return place.log(name);
  } catch {
    return "";
  }
}
