// Whatever becomes of vitals.db while a swarm runs: messages go on, nobody is ended for it, and what was measured
// meanwhile is there afterwards.
import { rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "bun:test";
import { waitUntil } from "../helpers/wait-until.ts";
import { jsonLines } from "./json.ts";
import { type Place, places } from "./place.ts";
import { type SmallDisk, mayMount, smallDiskOf } from "./small-disk.ts";

const place = places();

const vitalsFiles = ["vitals.db", "vitals.db-wal", "vitals.db-shm"];

// Each beat is a process of its own, and those start slowly on a busy machine.
const liveBeat = "60s";
/** Longer than anybody may be silent. */
const silentMs = 75_000;

type Row = Record<string, unknown>;
type Runner = Pick<SmallDisk, "skep" | "start">;

/** Starts a swarm of one that answers and one that is to beat, in a home where all is looked at often. */
async function swarm(here: Place, { skep, start }: Runner) {
  const settings = [
    // Nobody but the agent itself writes signs of life.
    '[agents]\nstop_grace = "200ms"\nbeat_every = "20s"\nsuspect_after = "10m"',
    '[alerts]\nevaluate_every = "50ms"\nqueue_depth_max = 0\ncooldown = "0s"',
    // The small disk has room for what comes of that.
    '[metrics]\nsample_every = "400ms"',
  ];
  writeFileSync(join(here.home, "skep.toml"), settings.join("\n"), { mode: 0o600 });
  const beats = "while :; do skep beat; sleep 1; done";
  const agents = {
    worker: { runner: "exec", command: ["cat"] },
    beating: { runner: "self", command: ["sh", "-c", beats], live: { beat: liveBeat } },
  };
  const file = here.path("swarm.json");
  writeFileSync(file, JSON.stringify({ name: "faults", agents }));
  await skep(["subscribe", "alerts", "ops"]);
  const up = start(["up", file]);
  const list = async (words: string[]) => jsonLines<Row>((await skep([...words, "--json"])).stdout);
  await waitUntil("all agents are ready", async () => {
    const states = (await list(["ps"])).map(({ state }) => state);
    return states.length === 2 && states.every((state) => state === "ready");
  });
  const newestPoint = async () =>
    Number((await list(["sql", "select max(at) as at from vitals.points"]))[0]?.["at"] ?? 0);
  return {
    list,
    /** Has a message answered. */
    async works(): Promise<void> {
      const { status, stdout, stderr } = await skep(["request", "worker", "x", "--timeout", "3m"]);
      expect([status, stdout.includes('"x"'), stderr]).toEqual([0, true, ""]);
    },
    /** Waits for a point that was measured after now. */
    async records(): Promise<void> {
      const now = Date.now();
      await waitUntil("it records", async () => (await newestPoint()) > now);
    },
    async downUnharmed(): Promise<void> {
      // Whoever has just answered is busy for a moment longer.
      const agents = await waitUntil("all agents are ready", async () => {
        const now = await list(["ps"]);
        return now.length === 2 && now.every(({ state }) => state === "ready") && now;
      });
      expect(agents).toMatchObject([
        { name: "beating", restarts: 0 },
        { name: "worker", restarts: 0 },
      ]);
      expect(await skep(["down"])).toMatchObject({
        status: 0,
        stdout: expect.stringContaining("it adds up"),
      });
      expect(await up.ended).toMatchObject({ status: 0 });
    },
  };
}

describe.skipIf(!mayMount())("a swarm goes on while", () => {
  test("the disk that vitals.db lies on is full, and alerts are told", async () => {
    const here = place();
    const disk = await smallDiskOf(here, vitalsFiles);
    const { skep, fill, room } = disk;
    const { list, works, records, downUnharmed } = await swarm(here, disk);
    await records();
    await fill();
    // Its log may have room that was used before.
    await waitUntil("nothing is written any more", async () => {
      const { status } = await skep(["metrics", "emit", "x", "1"]);
      return status === 7;
    });
    const since = Date.now();
    await works();
    await skep(["send", "ops", "too much"]);
    await waitUntil("the alert is told", async () =>
      (await list(["peek", "ops", "--max", "1000"])).some(({ body }) =>
        /queue-depth.*ops.*firing/.test(`${body}`),
      ),
    );
    // Longer than anybody may be silent, and with nobody there who is heard.
    await waitUntil("time has passed", () => Date.now() > since + silentMs, 2 * silentMs);
    await works();
    room();
    await records();
    const [meanwhile] = await list([
      "sql",
      `select count(*) as points from vitals.points where at > ${since} and at < ${since + silentMs}`,
    ]);
    expect(meanwhile!["points"]).toBeGreaterThan(100);
    expect(await list(["alerts", "history"])).toContainEqual(
      expect.objectContaining({ rule: "queue-depth", subject: "ops" }),
    );
    await downUnharmed();
  }, 480_000);

  test("nobody who opens vitals.db may write it, and afterwards", async () => {
    const here = place();
    const disk = await smallDiskOf(here, vitalsFiles);
    const { skep, run } = disk;
    const { works, records, downUnharmed } = await swarm(here, disk);
    await records();
    const at = join(here.home, "vitals.db");
    // What is open stays as it is; as long as an agent is about to write, it is too early.
    const forbid = `mount --bind "${at}" "${at}" && until mount -o remount,bind,ro "${at}"; do sleep 0.05; done`;
    expect(await run(forbid)).toMatchObject({ status: 0 });
    const since = Date.now();
    for (const words of [
      ["metrics", "emit", "x", "1"],
      ["beat", "--as", "me"],
    ])
      expect([words, (await skep(words)).status]).toEqual([words, 7]);
    await works();
    await waitUntil("time has passed", () => Date.now() > since + silentMs, 2 * silentMs);
    await works();
    expect(await run(`umount -l "${at}"`)).toMatchObject({ status: 0 });
    await records();
    expect((await skep(["beat", "--as", "me"])).status).toBe(0);
    await downUnharmed();
  }, 480_000);
});

describe("a swarm goes on", () => {
  test("when vitals.db is deleted, emptied, damaged or replaced, and records into the file that is there", async () => {
    const here = place();
    const { skep } = here;
    await skep(["init"]);
    const { works, records, downUnharmed } = await swarm(here, here);
    await records();
    // The database last: what a new one has beside it is its own.
    const remove = () => {
      for (const name of vitalsFiles.toReversed()) rmSync(join(here.home, name), { force: true });
    };
    remove();
    await works();
    await records();
    truncateSync(join(here.home, "vitals.db"));
    // It is made again, unless somebody's log is copied into it first: then it is damaged. Nobody waits for either.
    expect([0, 7]).toContain((await skep(["metrics", "emit", "x", "1"])).status);
    await works();
    remove();
    await records();
    await waitUntil("a damaged one is refused", async () => {
      remove();
      // Where somebody is quicker with a new one, that one's log makes good what is written over it.
      writeFileSync(join(here.home, "vitals.db"), "x".repeat(5_000), { mode: 0o600 });
      return (await skep(["metrics", "emit", "x", "1"])).status === 7;
    });
    await works();
    remove();
    await records();
    await works();
    await downUnharmed();
  }, 480_000);

  test("when vitals.db is damaged from the start, and records once it is another", async () => {
    const here = place();
    await here.skep(["init"]);
    writeFileSync(join(here.home, "vitals.db"), "x".repeat(5_000), { mode: 0o600 });
    const { works, records, downUnharmed } = await swarm(here, here);
    await works();
    rmSync(join(here.home, "vitals.db"));
    await records();
    await downUnharmed();
  }, 480_000);
});
