// People who are told of the alerts of a real run, outside of skep.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "bun:test";
import { type Place, exists, idle, swarmPlaces } from "../agents/swarm-place.ts";
import { jsonLines } from "../end-to-end/json.ts";
import { waitUntil } from "../helpers/wait-until.ts";
import { type Hook, openHook, status } from "../notify/notices.ts";

const newPlace = swarmPlaces();
const programs = join(import.meta.dir, "..", "fixtures", "notify");

const hooks: Hook[] = [];
afterEach(async () => {
  for (const hook of hooks.splice(0)) await hook.close();
});

function hookOf(...answers: Parameters<typeof openHook>): Hook {
  const hook = openHook(...answers);
  hooks.push(hook);
  return hook;
}

interface Count {
  channel: string;
  sent: number;
  failed: number;
  dropped: number;
  error: string | null;
}

/** Settings of a home in which alerts are looked for often. That a swarm starts slowly on a busy machine is none, nor is a disk that is full; and whoever tells of one may be slow as well. */
const often = (notify: string, timeout = "1h") =>
  `[agents]\nstop_grace = "200ms"\n[bus]\nmax_attempts = 1\n[alerts]\nevaluate_every = "50ms"\ncooldown = "0s"\ncoordination_time = "1h"\ndisk_free_min = 0\n[notify]\ntimeout = "${timeout}"\n${notify}\n`;

/** The setting that has this fixture run, with a file of that name in the home for what it writes down. */
const command = (program: string, file: string) =>
  `command = ["sh", "${join(programs, program)}", "${file}"]`;

const linesIn = (place: Place, file: string): string[] => {
  const path = join(place.home, file);
  return existsSync(path) ? readFileSync(path, "utf8").split("\n").filter(Boolean) : [];
};

/** Has a message of `inbox` given up. */
async function plantDeadLetter({ skep }: Place, inbox: string): Promise<void> {
  await skep(["send", inbox, "x"]);
  const [held] = jsonLines((await skep(["recv", inbox])).stdout);
  await skep(["nack", held!.receipt]);
}

async function counts({ skep }: Place): Promise<Count[]> {
  return jsonLines<Count>((await skep(["alerts", "channels", "--json"])).stdout);
}

async function counted(place: Place, channel: string, what: "sent" | "failed" | "dropped") {
  return await waitUntil(`${channel} has ${what} one`, async () => {
    const count = (await counts(place)).find((one) => one.channel === channel);
    return count !== undefined && count[what] > 0 ? count : undefined;
  });
}

test("a dead letter is told by the command and to the web server, once when it comes and once when it is over", async () => {
  const hook = hookOf(status(200));
  const place = await newPlace(often(`${command("hear.sh", "told")}\nwebhook = "${hook.address}"`));
  await place.skep(["subscribe", "alerts", "ops"]);
  const up = place.up({ a: idle }, ["--set", "bus.max_attempts=1"]);
  await place.becomes("a", "ready");
  await place.skep(["subscribe", "news", "post"]);
  await plantDeadLetter(place, "post");
  await waitUntil("it was told", () => linesIn(place, "told").length === 1);
  await place.skep(["dead", "drop", "--all"]);
  await waitUntil("that it is over, too", () => linesIn(place, "told").length === 2);
  await waitUntil("both are counted", async () => {
    const all = await counts(place);
    return all.length === 2 && all.every(({ sent }) => sent === 2);
  });
  // That comes last.
  const published = await waitUntil("both were published", async () => {
    const { stdout } = await place.skep(["peek", "ops", "--max", "10"]);
    const bodies = jsonLines(stdout).map(({ body }) => String(body));
    return bodies.length === 2 && bodies;
  });
  expect(linesIn(place, "told")).toEqual(published);
  expect(hook.came).toEqual(published);
  expect(linesIn(place, "told.variables")).toEqual([
    "dead-letters|post|firing|warning",
    "dead-letters|post|resolved|warning",
  ]);
  await place.skep(["down"]);
  await up.ended;
  expect(await counts(place)).toMatchObject([
    { channel: "command", sent: 2, failed: 0, dropped: 0, error: null },
    { channel: "webhook", sent: 2, failed: 0, dropped: 0, error: null },
  ]);
});

test("what hangs is ended in time, counted and said once, and holds up neither the bus nor the end", async () => {
  const hook = hookOf(null);
  const place = await newPlace(
    often(`${command("deaf.sh", "pid")}\nwebhook = "${hook.address}"`, "100ms"),
  );
  const up = place.up({ a: idle });
  await place.becomes("a", "ready");
  await place.skep(["subscribe", "news", "post"]);
  for (let round = 0; round < 2; round++) {
    await plantDeadLetter(place, "post");
    await waitUntil("it fires", async () => {
      const { stdout } = await place.skep(["alerts", "--json"]);
      return stdout.includes("dead-letters");
    });
    await place.skep(["dead", "drop", "--all"]);
    await waitUntil(
      "it is over",
      async () => (await place.skep(["alerts", "--json"])).stdout === "",
    );
  }
  const byCommand = await waitUntil("four commands were ended", async () => {
    const count = (await counts(place)).find(({ channel }) => channel === "command");
    return count?.failed === 4 ? count : undefined;
  });
  expect(byCommand.error).toBe("sh took longer than 100ms");
  expect((await counted(place, "webhook", "failed")).error).toBe(
    `${new URL(hook.address).origin} did not answer within 100ms`,
  );
  const { stderr } = await place.skep(["alerts"]);
  expect(stderr).toContain("the last alert by command was not told");
  expect(up.stderr().split("alerts by command: an alert was not told")).toHaveLength(2);
  await place.skep(["down"]);
  expect((await up.ended).status).toBe(0);
});

test("what is at it when the swarm goes down or its processes are killed is ended with them", async () => {
  const place = await newPlace(often(command("deaf.sh", "pid")));
  const deafPid = async () => {
    await plantDeadLetter(place, "post");
    return await waitUntil("it is at it", () => Number(linesIn(place, "pid")[0]) || undefined);
  };
  const up = place.up({ a: idle });
  await place.becomes("a", "ready");
  await place.skep(["subscribe", "news", "post"]);
  const first = await deafPid();
  await place.skep(["down"]);
  await up.ended;
  expect(exists(first)).toBe(false);
  await place.skep(["dead", "drop", "--all"]);
  const again = place.up({ a: idle });
  await place.becomes("a", "ready");
  const second = await waitUntil("another one", async () => {
    await plantDeadLetter(place, "post");
    const pid = Number(linesIn(place, "pid")[0]);
    return pid > 0 && pid !== first && pid;
  });
  await place.killAll(again);
  await place.skep(["reap"]);
  await waitUntil("it is gone as well", () => !exists(second));
});

test("nobody is told of what is silenced, or less severe than is set", async () => {
  const place = await newPlace(often(command("hear.sh", "told")));
  const told = () => linesIn(place, "told.variables");
  for (const inbox of ["one", "two", "three"]) await place.skep(["subscribe", "news", inbox]);
  const watch = async (...words: string[]) => {
    const watching = place.start(["alerts", "watch", ...words]);
    await waitUntil("it looks", () => watching.stderr().includes("looking"));
    return async () => {
      watching.kill("SIGTERM");
      await watching.ended;
    };
  };
  await place.skep(["alerts", "silence", "--rule", "dead-letters", "--subject", "one"]);
  const end = await watch();
  await plantDeadLetter(place, "one");
  await plantDeadLetter(place, "two");
  await waitUntil("the second was told", () => told().length > 0);
  await end();
  expect(told()).toEqual(["dead-letters|two|firing|warning"]);

  const words = ["notify.severity=critical", "alerts.rate_count_min=1", "alerts.rate_window=1h"];
  const endSevere = await watch(...words.flatMap((word) => ["--set", word]));
  await plantDeadLetter(place, "three");
  const fires = async (what: RegExp) => what.test((await place.skep(["alerts"])).stdout);
  await waitUntil("it fires", () => fires(/dead-letters +three/));
  // Only what comes after its first look makes a rate.
  await waitUntil("the critical one does", async () => {
    if (await fires(/error-rate +bus/)) return true;
    await plantDeadLetter(place, "three");
    return false;
  });
  await waitUntil("that is told", () => told().length > 1);
  await endSevere();
  expect(told().slice(1)).toEqual(["error-rate|bus|firing|critical"]);
});

test("watch tells as well, and ends what is at it when it ends", async () => {
  const place = await newPlace(often(command("deaf.sh", "pid")));
  await place.skep(["subscribe", "news", "post"]);
  const watching = place.start(["alerts", "watch"]);
  await plantDeadLetter(place, "post");
  const pid = await waitUntil("it is at it", () => Number(linesIn(place, "pid")[0]) || undefined);
  watching.kill("SIGTERM");
  await watching.ended;
  expect(exists(pid)).toBe(false);
  expect((await counted(place, "command", "failed")).error).toBe("sh was at it when skep ended");
});

test("test says of each channel how it went, and exits 8 when one fails", async () => {
  const hook = hookOf(status(200), status(500));
  const place = await newPlace(often(`${command("hear.sh", "told")}\nwebhook = "${hook.address}"`));
  const origin = new URL(hook.address).origin;
  const well = await place.skep(["alerts", "test"]);
  expect([well.status, jsonLines(well.stdout)]).toEqual([
    0,
    [
      { channel: "topic alerts", deliveries: 0 },
      { channel: "command", uses: "sh", told: true, error: null },
      { channel: "webhook", uses: origin, told: true, error: null },
    ] as never,
  ]);
  const ill = await place.skep(["alerts", "test", "--json"], {
    SKEP_NOTIFY_COMMAND: '["./missing"]',
  });
  expect(ill.status).toBe(8);
  expect(jsonLines(ill.stdout).slice(1)).toMatchObject([
    { channel: "command", told: false },
    { channel: "webhook", told: false, error: `${origin} answered with 500` },
  ]);
  expect(JSON.parse(ill.stderr.trim().split("\n").at(-1)!).error).toMatchObject({
    code: "E_FAILED",
    message: "alerts are not told by command and webhook",
  });
  const told = await place.skep(["alerts", "channels"]);
  expect(told.stdout).toMatch(/^command +sh +1 +1 +0 /m);
  expect(told.stdout).toMatch(new RegExp(`^webhook +${origin} +1 +1 +0 `, "m"));
});

test("a command may call skep itself", async () => {
  const place = await newPlace();
  const words = JSON.stringify([place.executable, "send", "ops", "-"]);
  const { status: exit, stderr } = await place.skep(["alerts", "test"], {
    SKEP_NOTIFY_COMMAND: words,
    SKEP_NOTIFY_TIMEOUT: "1h",
  });
  expect([exit, stderr]).toEqual([0, expect.not.stringContaining("E_")]);
  const [came] = jsonLines((await place.skep(["recv", "ops"])).stdout);
  expect(JSON.parse(String(came!.body))).toMatchObject({ rule: "test" });
});
