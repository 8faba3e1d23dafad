import { readFileSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { swarmPlaces } from "../../agents/swarm-place.ts";
import { newSkep } from "../../helpers/skep.ts";
import { tempDir } from "../../helpers/temp-dir.ts";
import { waitUntil } from "../../helpers/wait-until.ts";

const newPlace = swarmPlaces();

/** Runs skep in a home of its own, whose files the test may see. */
function newHome() {
  const [run, home] = [newSkep(), tempDir()];
  return {
    home,
    files: () => readdirSync(home).filter((name) => name.startsWith("vitals")),
    skep: (...words: string[]) => run(words, "", { SKEP_HOME: home }),
  };
}

const rows = "select agent, status, detail, said_tick > 0 as said from vitals.heartbeats";

test("a sign of life says nothing to people, and with --json what was noted", async () => {
  const { skep } = newHome();
  expect(await skep("beat", "--as", "a1")).toEqual({ status: 0, stdout: "", stderr: "" });
  const words = ["beat", "--as", "a2", "--status", "degraded", "--detail", "it is\u001b[2J slow"];
  const { status, stdout } = await skep(...words, "--json");
  expect([status, JSON.parse(stdout)]).toEqual([
    0,
    { agent: "a2", status: "degraded", detail: "it is\u001b[2J slow", at: expect.any(Number) },
  ]);
  expect((await skep("sql", rows)).stdout).toBe(
    [
      "agent  status    detail               said",
      "a1     healthy   -                    1",
      "a2     degraded  it is\\u001b[2J slow  1",
      "",
    ].join("\n"),
  );
});

test.each([
  ["nobody's", [], "whose sign of life?"],
  ["another status", ["--as", "a", "--status", "ill"], '--status is "ill"'],
  ["a long detail", ["--as", "a", "--detail", "x".repeat(1_001)], "the detail has 1001 characters"],
])("%s is refused with 2", async (_, words, message) => {
  const { skep, files } = newHome();
  const { status, stdout, stderr } = await skep("beat", ...words, "--json");
  expect([status, stdout]).toEqual([2, ""]);
  expect(JSON.parse(stderr).error).toMatchObject({ code: "E_USAGE", message });
  if (!words.includes("--detail")) expect(files()).toEqual([]);
});

test("nothing but what asks for signs of life opens their file, or makes one", async () => {
  const { skep, home, files } = newHome();
  const others = [
    ["send", "a1", "x"],
    ["recv", "a1", "--as", "a1"],
    ["inboxes"],
    ["ps"],
    ["status"],
    ["sql", "select * from inboxes"],
  ];
  for (const words of others)
    expect([words, (await skep(...words)).status, files()]).toEqual([words, 0, []]);
  // A link would be refused, and rubbish told, if anybody looked.
  for (const put of [
    (path: string) => symlinkSync(join(home, "elsewhere"), path),
    (path: string) => writeFileSync(path, "rubbish"),
  ]) {
    const place = newHome();
    put(join(place.home, "vitals.db"));
    expect((await place.skep("send", "a1", "x")).status).toBe(0);
    for (const words of others.slice(2))
      expect([words, (await place.skep(...words)).status]).toEqual([words, 0]);
    expect(place.files()).toEqual(["vitals.db"]);
    for (const words of [["beat", "--as", "a1"], ["health"], ["sql", rows]])
      expect([words, (await place.skep(...words)).status]).toEqual([words, 7]);
  }
}, 240_000);

test("a damaged file is an error with a way out to whoever asks for it", async () => {
  const { skep, home } = newHome();
  const path = join(home, "vitals.db");
  writeFileSync(path, "x".repeat(5_000));
  const { status, stderr } = await skep("beat", "--as", "a1");
  expect(status).toBe(7);
  expect(stderr).toStartWith(`skep: ${path} is damaged or not a SQLite database`);
  expect(stderr).toContain("Nothing is lost with it: delete it, its -wal and its -shm file");
  expect(readFileSync(path, "latin1")).toBe("x".repeat(5_000));
});

test("an agent of a running swarm beats in its own name, and nobody else does", async () => {
  const place = await newPlace();
  const beat = "skep beat --status degraded --detail 'the disk is slow' && exec sleep 1000";
  place.up({ a: { runner: "self", command: ["sh", "-c", beat] } });
  await place.becomes("a", "ready");
  const stranger = await place.skep(["beat", "--as", "a"]);
  expect([stranger.status, stranger.stderr]).toEqual([
    4,
    expect.stringContaining("you are not it"),
  ]);
  const said = '{"agent":"a","status":"degraded","detail":"the disk is slow","said":1}\n';
  await waitUntil("it has beaten", async () => {
    const { stdout } = await place.skep(["sql", rows, "--json"]);
    return stdout === said;
  });
  await place.skep(["down"]);
});
