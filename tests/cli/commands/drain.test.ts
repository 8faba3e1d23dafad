import { readFileSync } from "node:fs";
import { describe, expect, test } from "bun:test";
import { systemClock } from "../../../src/core/clock.ts";
import { waitUntil } from "../../helpers/wait-until.ts";
import { failureIn } from "../../end-to-end/json.ts";
import { look, untilWaiting } from "../../end-to-end/look.ts";
import { type Place, places } from "../../end-to-end/place.ts";
import { received, sums } from "../../end-to-end/verbs.ts";

const place = places();
const clock = systemClock();

const begun = ({ home }: Place) =>
  waitUntil("the drain is on", () => look(home, "select 1 from drains").length > 0);

/** What `status --json` says of the drain. */
async function drainOf({ skep }: Place): Promise<Record<string, number | null> | null> {
  return JSON.parse((await skep(["status", "--json"])).stdout).drain;
}

describe("the summary", () => {
  test("is for people, and says what became of everything", async () => {
    const { skep, start, path } = place();
    const [receipt] = await received(skep, 2);
    await skep(["ack", receipt!]);
    const before = ["sh", "-c", `exec "$0" "$@" 2> "${path("said")}"`];
    const drainer = start(["drain", "--timeout", "1h"], { before });
    await waitUntil("it says for what it waits", () =>
      /^draining: 1 lease left, (1h|5\dm.*) to go\n$/.test(readOrNothing(path("said"))),
    );
    await skep(["drain", "--timeout", "0s"]);
    const { status, stdout } = await drainer.ended;
    expect(status).toBe(0);
    expect(stdout).toMatch(
      /^the bus is drained after \d[^;]*; skep resume opens it again\ndeliveries: 0 settled meanwhile; 1 parked, 1 of them taken back from their holders\n2 in = 1 there \+ 1 ended: it adds up\n$/,
    );
    expect((await skep(["drain", "--quiet"])).stderr).toBe("");
  });

  test("is for programs, and the same when asked again", async () => {
    const { skep } = place();
    await received(skep, 3);
    const { status, stdout } = await skep(["drain", "--timeout", "0s", "--json"]);
    expect([status, JSON.parse(stdout)]).toEqual([
      0,
      {
        parked: 3,
        returned: 3,
        settled: 0,
        ms: expect.any(Number),
        conservation: { in: 3, live: 3, ended: 0, holds: true },
      },
    ]);
    expect(await skep(["drain", "--json"])).toEqual({ status, stdout, stderr: "" });
  });
});

test("while it lasts claims and sends exit 4, and everything else goes on", async () => {
  const here = place();
  const { skep, start } = here;
  const [acked, nacked, extended, replied] = await received(skep, 4);
  const drainer = start(["drain", "--timeout", "1h", "--json"]);
  await begun(here);
  for (const words of [
    ["send", "a1", "x"],
    ["recv", "a1"],
    ["recv", "a1", "--wait", "1h"],
    ["request", "a1", "x"],
  ]) {
    const { status, stdout, stderr } = await skep([...words, "--json"]);
    expect([words, status, stdout]).toEqual([words, 4, ""]);
    const { code, hint, retry_after_ms } = failureIn(stderr);
    expect([code, retry_after_ms]).toEqual(["E_DRAINING", 1_000]);
    expect(hint).toContain("skep resume");
  }
  for (const words of [
    ["ack", acked!],
    ["nack", nacked!],
    ["extend", extended!],
    ["inboxes"],
    ["peek", "a1"],
    ["trace", "1"],
    ["status"],
    ["ack", replied!, extended!],
  ])
    expect([words, (await skep(words)).status]).toEqual([words, 0]);
  const { status, stdout } = await drainer.ended;
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ settled: 4, returned: 0, parked: 1 });
});

test("those who wait for mail or for room hear of it at once", async () => {
  const { skep, start, home } = place();
  const env = { SKEP_BUS_INBOX_CAP: "1" };
  await skep(["send", "full", "1"], { env });
  const waiting = [
    start(["recv", "a1", "--wait", "1h"]),
    start(["send", "full", "2", "--timeout", "1h"], { env }),
  ];
  await untilWaiting(home, "a1", "mail");
  await untilWaiting(home, "full", "room");
  await skep(["drain"]);
  for (const { ended } of waiting) expect((await ended).status).toBe(4);
});

test("status says since when, until when, and for how many leases it waits", async () => {
  const here = place();
  const { skep, start } = here;
  await received(skep, 2);
  expect(await drainOf(here)).toBeNull();
  const drainer = start(["drain", "--timeout", "1h"]);
  await begun(here);
  const found = (await drainOf(here))!;
  expect(found).toEqual({
    since: expect.any(Number),
    until: expect.any(Number),
    left: 2,
    parked_at: null,
    parked: null,
    returned: null,
  });
  lastsAnHour(found);
  expect((await skep(["status"])).stdout).toMatch(
    /\ndraining, begun \S.* ago, for (1h|5\dm.*) more: 2 leases left to settle, no claims and no sends until skep resume\n/,
  );
  drainer.kill("SIGKILL");
  await skep(["drain", "--timeout", "0s"]);
  expect(await drainOf(here)).toMatchObject({ left: 0, parked: 2, returned: 2 });
  expect((await skep(["status"])).stdout).toMatch(
    /\ndrained \S.* ago, 2 parked: no claims and no sends until skep resume\n/,
  );
});

test("Ctrl-C ends the waiting, and not the drain", async () => {
  const here = place();
  const { skep, start } = here;
  const [receipt] = await received(skep, 1);
  const drainer = start(["drain", "--timeout", "1h"]);
  await begun(here);
  drainer.kill("SIGINT");
  const { status, stderr } = await drainer.ended;
  expect([status, stderr]).toEqual([
    130,
    expect.stringContaining("skep: the drain goes on: 1 is still held\n"),
  ]);
  expect((await skep(["send", "a1", "x"])).status).toBe(4);
  expect((await skep(["ack", receipt!])).status).toBe(0);
  const again = await skep(["drain", "--json"]);
  expect(JSON.parse(again.stdout)).toMatchObject({ settled: 1, parked: 0 });
});

test("a drainer that is killed is not missed: any command after the deadline parks what is left", async () => {
  for (const words of [["status"], ["inboxes"], ["peek", "a1"], ["trace", "1"], ["recv", "a1"]]) {
    const here = place();
    const { skep, start } = here;
    const [receipt] = await received(skep, 1);
    const drainer = start(["drain", "--timeout", "300ms"]);
    await begun(here);
    drainer.kill("SIGKILL");
    await drainer.ended;
    const [until] = look<{ tick: number }>(here.home, "select deadline_tick as tick from drains");
    // A process may read the clock a moment behind another one.
    await waitUntil("the time is over", () => clock.tick() > until!.tick + 10);
    await skep(words);
    expect(await sums(skep)).toMatchObject({ a1: { leased: 0, ready: 0, parked: 1 } });
    expect((await skep(["ack", receipt!])).status).toBe(5);
  }
}, 240_000);

test("agents.drain_timeout is how long it waits when nobody says", async () => {
  const here = place();
  await received(here.skep, 1);
  const drainer = here.start(["drain"], { env: { SKEP_AGENTS_DRAIN_TIMEOUT: "1h" } });
  await begun(here);
  lastsAnHour((await drainOf(here))!);
  drainer.kill("SIGKILL");
});

/** That a drain lasts an hour. Its end is reckoned anew each time, from two clocks, and whoever reads them may be put off in between. */
function lastsAnHour({ since, until }: Record<string, number | null>): void {
  expect(until! - since!).toBeWithin(3_540_000, 3_660_001);
}

function readOrNothing(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
