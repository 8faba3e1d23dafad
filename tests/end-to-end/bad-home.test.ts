// A home or a database that cannot be used: exit 7, one clear error, and not a byte of it changed.
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "bun:test";
import { Database } from "bun:sqlite";
import { lacks } from "../helpers/programs.ts";
import { tempDir } from "../helpers/temp-dir.ts";
import { failureIn, jsonLines } from "./json.ts";
import { look } from "./look.ts";
import { type Options, type Place, places } from "./place.ts";
import { mayMount } from "./small-disk.ts";

const place = places();

// Reading, writing and waiting each meet a bad database at a place of their own.
const tries = [
  ["send", "a1", "x"],
  ["recv", "a1"],
  ["peek", "a1"],
  ["inboxes"],
  ["recv", "a1", "--wait", "9s"],
];

describe("a database that is none of ours", () => {
  test("garbage is refused, whatever the command, and left as it is", async () => {
    const { skep, file } = withDatabase(Buffer.alloc(20_000, "garbage\0"));
    await refused(skep, "E_CORRUPT", /is damaged or not a SQLite database/);
    expect(readFileSync(file).equals(Buffer.alloc(20_000, "garbage\0"))).toBe(true);
  });

  test("a file shorter than the header of a database is refused and left as it is", async () => {
    const { skep, file } = withDatabase(Buffer.from("SQLite format 3\0"));
    await refused(skep, "E_CORRUPT", /is damaged or not a SQLite database/);
    expect(statSync(file).size).toBe(16);
  });

  test("another application's database is refused and left as it is", async () => {
    const { skep, file } = withDatabase();
    const theirs = new Database(file, { create: true });
    theirs.run("create table recipes (name text)");
    theirs.run("insert into recipes values ('soup')");
    theirs.close(true);
    const before = readFileSync(file);
    await refused(skep, "E_CORRUPT", /is not a database of skep.*left as it is/);
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  test("a database of ours that was cut off is refused", async () => {
    const { skep, file } = await used();
    checkpoint(file);
    truncateSync(file, 6_000);
    await refused(skep, "E_CORRUPT", /is damaged.*Keep a copy/);
  });

  test("a database of ours with pages overwritten is refused", async () => {
    const { skep, file } = await used();
    checkpoint(file);
    const bytes = readFileSync(file);
    writeFileSync(file, bytes.fill(0xa5, 4_096));
    await refused(skep, "E_CORRUPT", /is damaged/);
  });

  test("a newer schema is refused with the advice to use the newer skep, and left as it is", async () => {
    const { skep, home, file } = await used();
    alter(file, "pragma user_version = 999");
    await refused(skep, "E_SCHEMA", /newer skep \(schema 999, this one knows \d+\).*left as it is/);
    expect(look(home, "pragma user_version")).toEqual([{ user_version: 999 }]);
    expect(look(home, "select count(*) as n from messages")).toEqual([{ n: 1 }]);
  });
});

describe("a home that is no place of our own", () => {
  test("a symbolic link is refused, with a slash at its end too", async () => {
    const { skep, home, path } = place();
    mkdirSync(path("real"), { mode: 0o700 });
    symlinkSync(path("real"), home);
    await refused(skep, "E_HOME", /is a symbolic link.*Name the directory it points to/);
    await refused(skep, "E_HOME", /is a symbolic link/, { env: { SKEP_HOME: `${home}/` } });
    expect(readdirSync(path("real"))).toEqual([]);
  });

  test("a file is refused and left as it is, and so is a place below one", async () => {
    const { skep, home } = place();
    writeFileSync(home, "mine");
    await refused(skep, "E_HOME", /is not a directory/);
    await refused(skep, "E_HOME", /ENOTDIR/, { env: { SKEP_HOME: join(home, "below") } });
    expect(readFileSync(home, "utf8")).toBe("mine");
  });

  test.skipIf(process.getuid?.() !== 0)(
    "a directory of another user is refused and left empty",
    async () => {
      const { skep, home } = place();
      mkdirSync(home, { mode: 0o700 });
      chownSync(home, 54_321, 54_321);
      await refused(skep, "E_HOME", /belongs to another user/);
      expect(readdirSync(home)).toEqual([]);
    },
  );

  test("a directory that others can read and that holds something else is refused", async () => {
    const { skep, home } = place();
    mkdirSync(home);
    chmodSync(home, 0o755);
    writeFileSync(join(home, "notes.txt"), "");
    await refused(skep, "E_HOME", /open to other users and holds something else.*chmod 700/);
    expect(statSync(home).mode & 0o777).toBe(0o755);
  });

  test("a database that is a link to somewhere else is refused", async () => {
    const { skep, home, path } = place();
    mkdirSync(home, { mode: 0o700 });
    symlinkSync(path("elsewhere"), join(home, "bus.db"));
    await refused(skep, "E_HOME", /bus\.db is a link/);
    expect(existsSync(path("elsewhere"))).toBe(false);
  });
});

describe("a place that cannot be written", () => {
  test.skipIf(!mayFreeze())(
    "a read-only database file still shows what is in it, and nothing is lost",
    async () => {
      const { skep, file } = await used();
      // Root may write what the mode forbids, but not this.
      Bun.spawnSync(["chattr", "+i", file]);
      try {
        const send = await skep(["send", "a1", "y", "--json"]);
        expect([send.status, send.stdout]).toEqual([7, ""]);
        expect(failureIn(send.stderr)).toMatchObject({ code: "E_READONLY" });
        const recv = await skep(["recv", "a1"]);
        expect([recv.status, recv.stdout]).toEqual([7, ""]);
        expect(recv.stderr).toMatch(/is read-only.*\n {2}Check the owner and mode/);
        const peek = await skep(["peek", "a1"]);
        expect(jsonLines(peek.stdout)[0]?.body).toBe("x");
      } finally {
        Bun.spawnSync(["chattr", "-i", file]);
      }
      expect(jsonLines((await skep(["recv", "a1"])).stdout)[0]?.body).toBe("x");
    },
  );

  test.skipIf(!mayMount())("a read-only mount is refused, and nothing is lost", async () => {
    const { skep, home } = await used();
    const before = inNamespace(
      `mount --bind "${home}" "${home}" && mount -o remount,ro,bind "${home}"`,
    );
    await refused(skep, "E_READONLY", /EROFS.*--home/, { before });
    expect(jsonLines((await skep(["recv", "a1"])).stdout)[0]?.body).toBe("x");
  });

  test.skipIf(!mayMount())(
    "a full disk refuses what does not fit, keeps what it took, and takes more once there is room",
    async () => {
      const { skep, path } = place();
      const small = path("small");
      mkdirSync(small);
      // All of it in one mount namespace, because the disk is gone with it: sends until one is refused, then looks.
      const script = `
      mount -t tmpfs -o size=1m tmpfs "${small}" || exit 99
      export SKEP_HOME="${small}/home"
      head -c 200000 /dev/zero > "${small}/filler"
      while "$0" send a1 - --json < "${path("body")}"; status=$?; [ $status = 0 ]; do :; done
      echo "status $status"
      "$0" inboxes --json
      head -c 9999999 /dev/zero > "${small}/rest" 2> /dev/null
      "$0" send a1 - --json < "${path("body")}"
      echo "status $?"
      "$0" --home "${small}/other" send a1 x --json
      echo "status $?"
      : > "${small}/filler"
      "$0" send a1 more --json
    `;
      writeFileSync(path("body"), Buffer.alloc(60_000, "x"));
      const { stdout, stderr } = await skep([], { before: ["unshare", "-m", "sh", "-c", script] });
      const sent = jsonLines<{ id: number }>(stdout.split("status")[0]!);
      expect(sent.length).toBeGreaterThan(3);
      const [first, inboxes, second, third, more] = stdout.split("\n").slice(sent.length);
      expect([first, second, third]).toEqual(["status 7", "status 7", "status 7"]);
      expect(JSON.parse(more!)).toEqual({ id: sent.length + 1, to: "a1" });
      expect(JSON.parse(inboxes!)).toMatchObject({
        inbox: "a1",
        ready: sent.length,
        sent: sent.length,
      });
      const errors = stderr
        .trimEnd()
        .split("\n")
        .map((line) => failureIn(`${line}\n`));
      expect(errors.map(({ code }) => code)).toEqual(["E_DISK", "E_DISK", "E_DISK"]);
      for (const { message, hint } of errors) {
        expect(message).toContain("the disk is full");
        expect(hint).toStartWith("Free some space");
      }
    },
  );
});

interface PlaceWithFile extends Place {
  /** The path of its database. */
  file: string;
}

/** A place whose home has `bytes` for a database; none when left out. */
function withDatabase(bytes?: Uint8Array): PlaceWithFile {
  const here = place();
  mkdirSync(here.home, { mode: 0o700 });
  const file = join(here.home, "bus.db");
  if (bytes !== undefined) writeFileSync(file, bytes, { mode: 0o600 });
  return { ...here, file };
}

/** A place with one message, x, in a1. */
async function used(): Promise<PlaceWithFile> {
  const here = place();
  await here.skep(["send", "a1", "x"]);
  return { ...here, file: join(here.home, "bus.db") };
}

/** Copies the log into the database, so that the file is all there is. */
function checkpoint(file: string): void {
  alter(file, "pragma wal_checkpoint(truncate)");
}

function alter(file: string, sql: string): void {
  const database = new Database(file, { readwrite: true });
  database.run(sql);
  database.close(true);
}

/** Every try has to end with 7 and nothing but this error. */
async function refused(
  skep: Place["skep"],
  code: string,
  says: RegExp,
  options: Options = {},
): Promise<void> {
  for (const words of tries) {
    const { status, stdout, stderr } = await skep([...words, "--json"], options);
    expect([words, status, stdout]).toEqual([words, 7, ""]);
    const failure = failureIn(stderr);
    expect(failure).toMatchObject({ code });
    expect(`${failure.message} ${failure.hint}`).toMatch(says);
  }
}

/** A command that runs the executable in a mount namespace of its own once `setUp` has worked there. */
function inNamespace(setUp: string): string[] {
  return ["unshare", "-m", "sh", "-c", `${setUp} && exec "$0" "$@"`];
}

/** Whether files can be made immutable here. */
function mayFreeze(): boolean {
  if (lacks("chattr")) return false;
  const file = join(tempDir(), "frozen");
  writeFileSync(file, "");
  const change = (how: string) => Bun.spawnSync(["chattr", how, file], { stderr: "ignore" });
  const frozen = change("+i").exitCode === 0;
  change("-i");
  return frozen;
}
