import { join } from "node:path";
import { expect, setDefaultTimeout, test } from "bun:test";
import { handover } from "../../../src/bus/handover.ts";
import { openHomeBus } from "../../fixtures/bus/bus.ts";
import { newSkep } from "../../helpers/skep.ts";
import { tempDir } from "../../helpers/temp-dir.ts";

// Processes start slowly on a busy machine.
setDefaultTimeout(240_000);

type Skep = ReturnType<typeof newSkep>;

const receive = async (skep: Skep, as: string) =>
  JSON.parse((await skep(["recv", "a1", "--wait", "20s", "--as", as])).stdout).receipt as string;

/** What trace prints, with its times taken out. */
async function timeless(skep: Skep, id: string): Promise<string[]> {
  const { stdout } = await skep(["trace", id]);
  return stdout
    .trimEnd()
    .replace(/sent \S+Z/, "sent then")
    .replaceAll(/[+-]\d+\.\d{3}s */g, "+ ")
    .replace(/\d+\.\ds/, "a while")
    .split("\n");
}

test("a life is told line by line: when, what, by whom, why, and what came of it", async () => {
  const skep = newSkep();
  await skep(["send", "a1", "count\u001b[2J", "--as", "ada", "--type", "task", "--thread", "t7"]);
  await skep(["nack", await receive(skep, "w1"), "--delay", "0s", "--reason", "no\u0007 file"]);
  await skep(["nack", await receive(skep, "w2")], "", { SKEP_BUS_MAX_ATTEMPTS: "1" });
  await skep(["dead", "retry", "1", "--as", "mum"]);
  const receipt = await receive(skep, "w3");
  expect((await timeless(skep, "1"))[2]).toBe(
    "delivery 1 to a1: leased for a while more, 1 attempt",
  );
  await skep(["ack", receipt, "--reply", "42", "--as", "w3"]);
  await skep(["send", "a1", "thanks", "--as", "ada", "--thread", "t7"]);
  expect(await timeless(skep, "1")).toEqual([
    'message 1 from ada: "count\\u001b[2J"',
    "sent then, type task, thread t7, priority 4",
    "delivery 1 to a1: acked, 1 attempt",
    "  + sent by ada",
    "  + claimed by w1 (lease 1)",
    "  + nacked by w1 (lease 1): no\\u0007 file",
    "  + claimed by w2 (lease 2)",
    "  + nacked by w2 (lease 2)",
    "  + dead (lease 2): gave up after 2 attempts; the last one was refused",
    "  + retried by mum",
    "  + claimed by w3 (lease 4)",
    "  + acked by w3 (lease 4)",
    'answered by message 2 from w3 to ada at + : "42"',
    'followed by message 3 from ada to a1 at + : "thanks"',
  ]);
});

test("what waits says for how long yet, and what is overdue since when", async () => {
  const skep = newSkep();
  await skep(["send", "a1", "x"]);
  expect((await timeless(skep, "1")).slice(0, 3)).toEqual([
    'message 1 from nobody in particular: "x"',
    "sent then, priority 4",
    "delivery 1 to a1: ready, 0 attempts",
  ]);
  await skep(["recv", "a1", "--lease", "1ms"]);
  expect((await skep(["trace", "1"])).stdout).toMatch(
    /^delivery 1 to a1: leased, ran out \S.* ago/m,
  );
  const receipt = await receive(skep, "w1");
  await skep(["nack", receipt, "--delay", "1h"]);
  expect((await skep(["trace", "1"])).stdout).toMatch(/^delivery 1 to a1: delayed, due in 5\dm/m);
  expect((await skep(["trace", "1"])).stdout).toMatch(/^ +\S+ +lease ran out, held \(lease 1\)$/m);
});

test("what has its time says for how long it is wanted, and of what was published on which topic", async () => {
  const skep = newSkep();
  await skep(["send", "a1", "x", "--delay", "1h", "--ttl", "2h"]);
  await skep(["send", "a1", "x", "--ttl", "1ms"]);
  await skep(["subscribe", "build.>", "a1"]);
  await skep(["publish", "build.failed", "x"]);
  await skep(["publish", "build.failed", "x", "--type", "alarm"]);
  expect((await skep(["trace", "1"])).stdout).toMatch(
    /^delivery 1 to a1: delayed, due in 5\dm.*, 0 attempts, wanted for 1h 5\dm more$/m,
  );
  expect((await skep(["trace", "2"])).stdout).toMatch(
    /^delivery 2 to a1: ready, 0 attempts, not wanted since \S.*$/m,
  );
  const told = async (id: string) => (await skep(["trace", id])).stdout.split("\n")[1];
  expect(await told("3")).toMatch(/^published on build\.failed \S+Z, priority 4$/);
  expect(await told("4")).toMatch(/^published on build\.failed \S+Z, type alarm, priority 4$/);
});

test("the JSON of a life has every delivery with its id, and the ids of what followed", async () => {
  const skep = newSkep();
  for (const inbox of ["a1", "a2"]) await skep(["subscribe", "news", inbox]);
  await skep(["publish", "news", "hello"]);
  await skep(["send", "a1", "and then?", "--thread", "1"]);
  const life = JSON.parse((await skep(["trace", "1", "--json"])).stdout);
  expect(life).toMatchObject({ id: 1, topic: "news", bytes: 5, followed_by: [3] });
  expect(life.deliveries).toMatchObject([
    { id: 1, inbox: "a1", state: "ready", attempt: 0 },
    { id: 2, inbox: "a2", state: "ready", attempt: 0 },
  ]);
  expect((await timeless(skep, "2"))[0]).toStartWith("message 1 ");
});

test("a handover is told with where it was, where it is now, and why", async () => {
  const skep = newSkep();
  const home = join(tempDir(), "home");
  for (const inbox of ["c1", "c2"]) await skep(["send", inbox, "x", "--home", home]);
  const bus = await openHomeBus(home);
  await bus.store.write((tx) =>
    handover(tx, bus.settings, { from: "c1", to: "c2", reason: "c1 failed\u0007" }),
  );
  bus.doorbell.close();
  await bus.store.close();
  const { stdout } = await skep(["trace", "1", "--home", home]);
  expect(stdout).toMatch(/^delivery 1 to c2: ready, 0 attempts$/m);
  expect(stdout).toMatch(/^ +\S+ +moved from c1 to c2: c1 failed\\u0007$/m);
  const life = JSON.parse((await skep(["trace", "1", "--json", "--home", home])).stdout);
  expect(life.deliveries[0].steps[1]).toMatchObject({
    what: "moved",
    reason: "from c1 to c2: c1 failed\u0007",
  });
});

test("what is no id exits 2, and what nobody sent 3", async () => {
  const skep = newSkep();
  for (const id of ["0", "x", "1.1.1"]) expect((await skep(["trace", id])).status).toBe(2);
  expect((await skep(["trace", "7"])).stderr).toStartWith("skep: there is no message 7\n");
});
