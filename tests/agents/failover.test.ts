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
  const agents = {
    "lead-a": { ...lead("a"), team: "one" },
    "lead-b": { ...lead("b"), team: "two" },
    hand: { team: "one", ...saying("@coordinator") },
  };
  const up = place.start(["up", await ledFile(place, agents)]);
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
  await place.send("lead-a", "by its name");
  await place.counts("lead-b", { sent: 2 });
  expect(await place.ledger("lead-a")).toMatchObject({ ready: 0, sent: 2 });

  await place.skep(["restart", "lead-a"]);
  await place.becomes("lead-a", "ready", "busy");
  await place.send("hand", "go");
  await place.counts("lead-a", { sent: 3 });
  await Promise.all(["a", "b"].map((go) => Bun.write(join(place.directory, go), "")));
  await place.counts("lead-b", { acked: 4 });
  await place.counts("lead-a", { acked: 1 });
  up.kill("SIGTERM");
  expect((await up.ended).status).toBe(143);
});

test("what the last coordinator left waits for the next one that lives", async () => {
  const place = await newPlace();
  const lead = { role: "coordinator", command: ["sleep", "1000"] };
  const agents = { "lead-a": lead, "lead-b": lead, hand: saying("@coordinator") };
  const up = place.start(["up", await ledFile(place, agents)]);
  for (const name of Object.keys(agents)) await place.becomes(name, "ready");
  for (const name of ["lead-a", "lead-b"]) {
    process.kill((await place.becomes(name, "ready")).hostPid!, "SIGKILL");
    await place.becomes(name, "dead");
  }
  await place.send("lead-b", "while nobody lived");
  await place.skep(["restart", "lead-a"]);
  await place.counts("lead-a", { moved_in: 1 });
  await waitUntil("it is told", () =>
    up.stderr().includes("lead-a takes over from lead-b: its workers, and 1 message"),
  );
  await place.send("hand", "go");
  await place.counts("lead-a", { sent: 1 });
  await place.send("lead-b", "by its name");
  await place.counts("lead-a", { sent: 2 });
  up.kill("SIGTERM");
  await up.ended;
});

test("two coordinators that fail in the same moment leave all they had to the third", async () => {
  const place = await newPlace();
  const lead = { role: "coordinator", module: "lead.ts", runner: "module", pool: 1, count: 2 };
  await Bun.write(join(place.directory, "lead.ts"), "export const handle = () => {};");
  const last = { role: "coordinator", command: ["sleep", "1000"] };
  const agents = { lead, last, hand: { ...saying("@coordinator"), team: "lead-1" } };
  const up = place.start(["up", await ledFile(place, agents)]);
  for (const name of ["lead-1", "lead-2", "last", "hand"]) await place.becomes(name, "ready");
  await place.skep(["pause", "lead"]);
  for (const name of ["lead-1", "lead-2"]) await place.send(name, "early");
  process.kill((await place.becomes("lead-1", "paused")).hostPid!, "SIGKILL");
  await place.counts("last", { moved_in: 2 });
  for (const name of ["lead-1", "lead-2"]) await place.send(name, "late");
  await place.send("hand", "go");
  await place.counts("last", { sent: 3 });
  up.kill("SIGTERM");
  await up.ended;
});

test("a coordinator that is not wanted any more hands over like one that failed, until it is wanted again", async () => {
  const place = await newPlace();
  const lead = { role: "coordinator", command: ["sleep", "1000"], count: 2 };
  const agents = { lead, hand: saying("@coordinator"), more: saying("@coordinator") };
  const scale = (count: string) => place.skep(["scale", "lead", count]);
  const up = place.start(["up", await ledFile(place, agents)]);
  for (const name of ["lead-1", "lead-2", "hand", "more"]) await place.becomes(name, "ready");
  await place.send("lead-2", "early");
  const fewer = await scale("1");
  expect(fewer.stdout).toBe("removed: lead-2\nunchanged: 3\n");
  await place.counts("lead-1", { moved_in: 1 });
  await waitUntil("it is told", () => up.stderr().includes("lead-1 takes over from lead-2"));
  await place.send("lead-2", "late");
  await place.send("more", "go");
  await place.counts("lead-1", { sent: 2 });
  await scale("2");
  await place.becomes("lead-2", "ready");
  await place.send("lead-2", "again");
  await place.send("more", "go");
  await place.counts("lead-2", { sent: 3 });
  up.kill("SIGTERM");
  await up.ended;
});

/** A worker that says `to` that it got something, each time. */
function saying(to: string) {
  const work = `while :; do skep recv --wait 1h --ack && skep send ${to} "from $SKEP_AGENT"; done`;
  return { command: ["sh", "-c", work] };
}

/** The file of a hybrid swarm of agents that are not started again. */
async function ledFile(
  { directory }: { directory: string },
  agents: Record<string, object>,
): Promise<string> {
  const file = join(directory, "led.json");
  const once = Object.entries(agents).map(([name, agent]) => [
    name,
    { restart: "never", ...agent },
  ]);
  await Bun.write(
    file,
    JSON.stringify({ name: "led", topology: "hybrid", agents: Object.fromEntries(once) }),
  );
  return file;
}

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
