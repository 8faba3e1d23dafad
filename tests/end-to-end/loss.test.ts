// Messages that were accepted are missing: no command goes on without a word, and which word it takes depends on whether a
// power cut can have taken them.
import {
  existsSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { formatMark, parseMark } from "../../src/store/high-water.ts";
import { waitUntil } from "../helpers/wait-until.ts";
import { failureIn, jsonLines } from "./json.ts";
import { type Place, places } from "./place.ts";

const place = places();

/** A home in which ten messages lie in the log alone, on top of one that lies in the database; whoever sent them was killed. */
async function killed(env: Record<string, string> = {}): Promise<Place> {
  const here = place();
  const { skep, home, start } = here;
  expect((await skep(["send", "a1", "kept"])).status).toBe(0);
  // Whoever left last copied the log back and took it along.
  expect(existsSync(join(home, "bus.db-wal"))).toBe(false);
  const batch = start(["send", "--batch"], { stdin: "open", env });
  await batch.write('{"to":"a1","body":"x"}\n'.repeat(10));
  await waitUntil("all are accepted, and the mark says so", () => isAt(home, 11));
  batch.kill("SIGKILL");
  await batch.ended;
  return here;
}

const markOf = (home: string) => parseMark(readMark(home))!;

const readMark = (home: string) => readFileSync(join(home, "bus.mark"), "utf8");

// Read while it is written, it may be torn.
const isAt = (home: string, last: number) => parseMark(readMark(home))?.last === last;

/** Cuts the log of a home that nobody has open to that many bytes. */
function cut(home: string, bytes: number): void {
  truncateSync(join(home, "bus.db-wal"), bytes);
  rmSync(join(home, "bus.db-shm"), { force: true });
}

/** As if the machine had been started anew since. */
function reboot(home: string): void {
  const mark = markOf(home);
  writeFileSync(join(home, "bus.mark"), formatMark({ ...mark, boot: "an earlier one" }));
}

async function refused({ skep }: Place, words: string[]): Promise<void> {
  const { status, stdout, stderr } = await skep([...words, "--json"]);
  const { code, hint } = failureIn(stderr);
  expect([words, status, stdout, code]).toEqual([words, 7, "", "E_LOSS"]);
  expect(hint).toContain("--accept-loss");
}

const missing = (here: Place) => missingAfter(here, []);

async function missingAfter({ skep }: Place, flags: string[]): Promise<unknown[]> {
  const question = "select first, last, deliveries, cause from lost";
  return jsonLines<unknown>((await skep(["sql", question, "--json", ...flags])).stdout);
}

test("a log that is whole is no loss, whoever was killed", async () => {
  const here = await killed();
  const { status, stdout, stderr } = await here.skep(["inboxes", "--json"]);
  expect([status, stderr, jsonLines<{ ready: number }>(stdout)[0]?.ready]).toEqual([0, "", 11]);
});

test("within one boot every command refuses, until somebody accepts it", async () => {
  const here = await killed();
  cut(here.home, 0);
  for (const words of [["send", "a1", "y"], ["recv", "a1"], ["status"], ["drain"], ["down"]])
    await refused(here, words);
  const { status, stdout, stderr } = await here.skep(["send", "a1", "y", "--accept-loss"]);
  expect([status, jsonLines(stdout)]).toEqual([0, [{ id: 12, to: "a1" }] as never]);
  expect(stderr).toContain("10 deliveries that had been accepted are lost");
  expect(await here.skep(["send", "a1", "z"])).toMatchObject({ status: 0, stderr: "" });
  expect((await here.skep(["status"])).stdout).toContain("lost: 10 deliveries that had");
  expect(await missing(here)).toEqual([{ first: 2, last: 11, deliveries: 10, cause: "accepted" }]);
});

test("after a power cut it is told, counted, and gone on from", async () => {
  const here = await killed();
  const { size } = statSync(join(here.home, "bus.db-wal"));
  cut(here.home, size - 100);
  reboot(here.home);
  const { status, stderr } = await here.skep(["send", "a1", "y"]);
  expect(status).toBe(0);
  expect(stderr).toMatch(/^skep: \d+ deliver(y|ies) that had been accepted (is|are) lost/);
  expect(await missing(here)).toEqual([expect.objectContaining({ last: 11, cause: "reboot" })]);
  expect(await here.skep(["send", "a1", "z"])).toMatchObject({ status: 0, stderr: "" });
});

test("what was promised to outlive a power cut is missed after one as well", async () => {
  const here = await killed({ SKEP_STORE_DURABILITY: "power" });
  cut(here.home, 0);
  reboot(here.home);
  await refused(here, ["send", "a1", "y"]);
  expect(await missingAfter(here, ["--accept-loss"])).toEqual([
    { first: 2, last: 11, deliveries: 10, cause: "accepted" },
  ]);
});

test("a database that is gone is not made anew in silence, and one that is put back is used", async () => {
  const here = await killed();
  const path = join(here.home, "bus.db");
  renameSync(path, `${path}.away`);
  await refused(here, ["send", "a1", "y"]);
  expect(existsSync(path)).toBe(false);
  renameSync(`${path}.away`, path);
  expect(await here.skep(["send", "a1", "y"])).toMatchObject({ status: 0, stderr: "" });
  for (const end of ["", "-wal", "-shm"]) rmSync(`${path}${end}`, { force: true });
  await refused(here, ["status"]);
  expect(await missingAfter(here, ["--accept-loss"])).toEqual([
    { first: 1, last: 12, deliveries: 12, cause: "accepted" },
  ]);
});

test("a database that is made anew shares nothing with whoever has the old one open", async () => {
  const here = place();
  expect((await here.skep(["send", "a1", "x"])).status).toBe(0);
  const holder = here.start(["send", "--batch", "--json"], { stdin: "open" });
  await holder.write('{"to":"a1","body":"old"}\n'.repeat(100));
  await waitUntil("the mark says so", () => isAt(here.home, 101));
  rmSync(join(here.home, "bus.db"));
  expect((await here.skep(["send", "a1", "y", "--accept-loss"])).status).toBe(0);
  let status: number | undefined;
  void holder.ended.then((ended) => (status = ended.status));
  await waitUntil("it notices", async () => {
    await holder.write('{"to":"a1","body":"seen by nobody"}\n');
    return status === 7;
  });
  // What it was told before it noticed is lost as well, and the mark knows. On a busy machine it notices at once.
  if (markOf(here.home).last > 102) await refused(here, ["status"]);
  const question = `select body, integrity_check as whole from pragma_integrity_check, messages where id = 102`;
  const { stdout } = await here.skep(["sql", question, "--json", "--accept-loss"]);
  expect(jsonLines<unknown>(stdout)).toEqual([{ body: "y", whole: "ok" }]);
});

test("without a mark, or with one that is torn, nothing is refused", async () => {
  for (const text of [undefined, "", "12 0 x\n"]) {
    const here = await killed();
    if (text === undefined) rmSync(join(here.home, "bus.mark"));
    else writeFileSync(join(here.home, "bus.mark"), text);
    cut(here.home, 0);
    expect(await here.skep(["send", "a1", "y"])).toMatchObject({ status: 0, stderr: "" });
    expect(markOf(here.home).last).toBe(2);
  }
});
