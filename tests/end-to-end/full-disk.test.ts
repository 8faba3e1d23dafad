// A full disk under each verb: a typed error, nothing half done, and all is well once there is room again.
import { writeFileSync } from "node:fs";
import { describe, expect, test } from "bun:test";
import { everyVerb, setStage } from "./every-verb.ts";
import { waitUntil } from "../helpers/wait-until.ts";
import { failureIn, jsonLines } from "./json.ts";
import { places } from "./place.ts";
import { type SmallDisk, mayMount, smallDisk } from "./small-disk.ts";

const place = places();

// All that a verb may change, in one row.
const everything = `select
  (select group_concat(concat_ws(' ', inbox, cap, rate_per_s, ready, delayed, leased, parked, reserved, bytes,
     sent, acked, dead, expired, purged), ',') from ledger) as ledger,
  (select group_concat(concat_ws(' ', id, state, epoch, lease_tick, owes_reply), ',') from deliveries) as deliveries,
  (select group_concat(concat_ws(' ', pattern, inbox), ',') from subscriptions) as subscriptions,
  (select group_concat(name, ',') from senders) as senders, (select count(*) from drains) as drains,
  (select count(*) from messages) as messages, (select count(*) from keys) as keys,
  (select count(*) from history) as history, (select count(*) from attempts) as attempts,
  (select count(*) from dead_letters) as dead_letters`;

async function all({ skep }: SmallDisk): Promise<object> {
  const { status, stdout, stderr } = await skep(["sql", everything, "--json"]);
  expect([status, stderr]).toEqual([0, ""]);
  return jsonLines<object>(stdout)[0]!;
}

async function isRefused({ skep }: SmallDisk, words: string[], stdin = ""): Promise<void> {
  const { status, stdout, stderr } = await skep([...words, "--json"], { stdin });
  expect([words, status, stdout]).toEqual([words, 7, ""]);
  const { code, message, hint } = failureIn(stderr);
  expect([words, code, message.replace(/.*bus.db /, "")]).toEqual([
    words,
    "E_DISK",
    expect.stringMatching(/^cannot grow: the disk is full [(]SQLITE_/),
  ]);
  expect(hint).toStartWith("Free some space");
}

// A page of the log, with what stands before it.
const frameBytes = 2_072;

/** Makes the log end where not one more page fits into what the file has of the disk. */
async function alignLog({ skep, bytesOf }: SmallDisk): Promise<void> {
  for (let cap = 10; ; cap++) {
    const left = (4_096 - (bytesOf("bus.db-wal") % 4_096)) % 4_096;
    if (left < frameBytes) return;
    await skep(["limits", "set", "filler", "--cap", String(cap)]);
  }
}

describe.skipIf(!mayMount())("a full disk", () => {
  test("beside a process that has the database open: each verb fails, changes nothing, and works afterwards", async () => {
    const disk = await smallDisk(place());
    const { skep, start, fill, room } = disk;
    const stage = await setStage(skep);
    // It keeps the log, so that it is the transaction itself that finds no room.
    const holder = start(["send", "--batch"], { stdin: "open" });
    await holder.write('{"to":"held","body":"x"}\n');
    await waitUntil("it has it open", () => holder.said() !== "");
    for (const { title, words, stdin, status = 0 } of everyVerb) {
      await alignLog(disk);
      await fill();
      const before = await all(disk);
      await isRefused(disk, words(stage), stdin);
      expect([title, await all(disk)]).toEqual([title, before]);
      room();
      const done = await skep(words(stage), { stdin: stdin ?? "" });
      expect([title, done.status, done.stderr]).toEqual([title, status, expect.any(String)]);
      expect([title, await all(disk)]).not.toEqual([title, before]);
    }
    holder.close();
    expect((await holder.ended).status).toBe(0);
  }, 1_800_000);

  test("where nobody has the database open: no verb gets anywhere, and nothing is lost", async () => {
    const disk = await smallDisk(place());
    const stage = await setStage(disk.skep);
    const before = await all(disk);
    await disk.fill();
    for (const { words, stdin } of everyVerb) await isRefused(disk, words(stage), stdin);
    for (const words of [["inboxes"], ["peek", "a1"], ["status"], ["trace", "1"], ["down"]])
      await isRefused(disk, words);
    disk.room();
    expect(await all(disk)).toEqual(before);
    expect(await disk.skep(["send", "a1", "x"])).toMatchObject({ status: 0, stderr: "" });
  }, 900_000);

  test("with space set aside: what is held can be settled and the bus drained, and nothing more is sent", async () => {
    const disk = await smallDisk(place());
    const { skep, fill, room, bytesOf } = disk;
    const done = async (words: string[], stdin = "") => {
      const { status, stdout, stderr } = await skep(words, { stdin });
      expect([words, status, stderr]).toEqual([words, 0, expect.any(String)]);
      return stdout;
    };
    await done(["send", "--batch", "--quiet"], '{"to":"a1","body":"x"}\n'.repeat(300));
    expect(bytesOf("ballast")).toBeGreaterThan(64 * 1024);
    const [held] = jsonLines(await done(["recv", "a1", "--lease", "1h"]));
    await fill();
    await isRefused(disk, ["send", "a1", "x"]);
    expect(bytesOf("ballast")).toBeGreaterThan(0);
    await done(["ack", held!.receipt]);
    expect(bytesOf("ballast")).toBe(0);
    expect(await done(["drain", "--timeout", "0s"])).toContain("it adds up");
    room();
    await done(["resume"]);
    await done(["send", "--batch", "--quiet"], '{"to":"a2","body":"x"}\n'.repeat(300));
    expect(bytesOf("ballast")).toBeGreaterThan(0);
  }, 900_000);

  test("a swarm goes down in order, with space set aside for it", async () => {
    const here = place();
    const file = here.path("swarm.json");
    const agents = { still: { command: ["sleep", "1000"], count: 2 } };
    writeFileSync(file, JSON.stringify({ name: "sleepers", agents }));
    const disk = await smallDisk(here);
    const { skep, start, fill, room, bytesOf } = disk;
    // Whoever gets no processor is not to be suspect.
    const env = { SKEP_AGENTS_SUSPECT_AFTER: "1h", SKEP_GOVERNOR_MODE: "off" };
    const up = start(["up", file], { env });
    await waitUntil("all agents are ready", async () => {
      const { stdout } = await skep(["ps", "--json"]);
      return (
        jsonLines<{ state: string }>(stdout).filter(({ state }) => state === "ready").length === 2
      );
    });
    const sent = await skep(["send", "--batch", "--quiet"], {
      stdin: '{"to":"still-1","body":"x"}\n'.repeat(200),
    });
    expect(sent.status).toBe(0);
    await waitUntil("space is set aside", () => bytesOf("ballast") > 0);
    await fill();
    const down = await skep(["down", "--json"]);
    expect([down.status, JSON.parse(down.stdout)]).toMatchObject([
      0,
      { parked: 200, agents: { stopped: 2, failed: 0, dead: 0 }, conservation: { holds: true } },
    ]);
    expect(await up.ended).toMatchObject({
      status: 0,
      stdout: expect.stringContaining("it adds up"),
    });
    room();
    const { stdout } = await skep(["inboxes", "--json"]);
    expect(jsonLines<{ inbox: string; parked: number }>(stdout)).toContainEqual(
      expect.objectContaining({ inbox: "still-1", parked: 200 }),
    );
  }, 900_000);
});
