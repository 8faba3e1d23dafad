// `skep doctor` on homes that are well, and on homes that are not.
import { chmodSync, existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, setDefaultTimeout, test } from "bun:test";
import { idle, run, swarmPlaces } from "../agents/swarm-place.ts";
import { skepExecutable } from "../helpers/executable.ts";
import { lacks } from "../helpers/programs.ts";
import { tempDir } from "../helpers/temp-dir.ts";
import { waitUntil } from "../helpers/wait-until.ts";

setDefaultTimeout(60_000);
const newPlace = swarmPlaces();

interface Finding {
  check: string;
  verdict: string;
  says: string;
  fix: string | null;
}

async function doctor(directory: string, words: string[] = [], before: string[] = []) {
  const command = [...before, await skepExecutable(), "doctor", "--json", ...words];
  const { status, stdout, stderr } = await run(command, directory, {}).ended;
  const { verdict, decision, mended, findings } = JSON.parse(stdout);
  const of = (check: string): Finding | undefined =>
    (findings as Finding[]).find((finding) => finding.check === check);
  return { status, stderr, verdict, decision, mended, of, findings: findings as Finding[] };
}

test("where no home is yet everything is looked at, and nothing is made", async () => {
  const directory = tempDir();
  const { status, findings, of } = await doctor(directory);
  expect(status).toBe(0);
  expect(findings.map(({ check }) => check)).toEqual([
    "engine",
    "file system",
    "log",
    "locks",
    "disk sync",
    "disk",
    "inodes",
    "open files",
    "processes",
    "memory",
    "cores",
    "loopback",
    "clock",
    "system",
    "services",
    "terminal",
    "sqlite3",
    "database",
  ]);
  expect(of("database")!.says).toBe("there is none yet: the first command makes it");
  expect(readdirSync(directory)).toEqual([]);
});
test("people get a line for each, and what to do below those that need it", async () => {
  const limited = ["sh", "-c", 'ulimit -n 64 && exec "$0" "$@"'];
  const skep = await skepExecutable();
  const { stdout } = await run([...limited, skep, "doctor"], tempDir(), {}).ended;
  const lines = stdout.split("\n");
  const at = lines.findIndex((line) => /^warn {2}open files +one process may have 64/.test(line));
  expect(lines[at + 1]).toMatch(/^ +→ Raise it with ulimit -n 464, /);
});
test("a swarm that is up is named, and what a killed one left is warned of and ended by --fix", async () => {
  const place = await newPlace();
  const up = place.up({ a: idle });
  await place.becomes("a", "ready");
  const flags = ["--home", place.home];
  const healthy = await doctor(place.directory, flags);
  expect(healthy.of("database")).toMatchObject({ verdict: "pass", says: "it is whole" });
  // Whoever tests it has it open as well, and nobody of skep is held against it.
  expect(healthy.findings.filter(({ check }) => check === "users")).toHaveLength(1);
  expect(healthy.of("users")!.says).toStartWith(`process ${process.pid} (`);
  expect(healthy.of("last run")!.says).toMatch(/^run 1 of s, started .* ago, is up$/);
  await place.powerOff(up);
  const left = await doctor(place.directory, flags);
  expect([left.status, left.verdict]).toEqual([0, "warn"]);
  expect(left.of("last run")).toMatchObject({ verdict: "warn" });
  const mended = await doctor(place.directory, ["--fix", ...flags]);
  expect(mended.mended).toEqual(["ended what a dead supervisor had left"]);
  expect(mended.of("last run")).toMatchObject({ verdict: "pass" });
});
test("--fix makes a home, and closes one that is open to others", async () => {
  const directory = tempDir();
  const home = join(directory, "home");
  expect((await doctor(directory, ["--fix", "--home", home])).mended).toEqual([`made ${home}`]);
  expect(statSync(home).mode & 0o777).toBe(0o700);
  chmodSync(home, 0o755);
  expect((await doctor(directory, ["--fix", "--home", home])).mended).toEqual([
    `closed ${home} to other users`,
  ]);
  expect(statSync(home).mode & 0o777).toBe(0o700);
});
test("a database that is none, and settings that do not fit, fail with what to do", async () => {
  const directory = tempDir();
  const home = join(directory, "home");
  mkdirSync(home, { mode: 0o700 });
  writeFileSync(join(home, "bus.db"), "This is no database. ".repeat(100), { mode: 0o600 });
  const { status, of } = await doctor(directory, ["--home", home]);
  expect(status).toBe(8);
  expect(of("database")).toMatchObject({ verdict: "fail" });
  writeFileSync(join(home, "skep.toml"), '[bus]\nlease = "never"\n');
  expect((await doctor(directory, ["--home", home])).of("settings")).toMatchObject({
    verdict: "fail",
  });
});
test.skipIf(process.getuid?.() === 0 && lacks("setpriv"))(
  "a directory that nothing can be written in fails (wants setpriv for root)",
  async () => {
    const directory = tempDir();
    const home = join(directory, "closed", "home");
    mkdirSync(join(directory, "closed"));
    chmodSync(join(directory, "closed"), 0o555);
    chmodSync(directory, 0o755);
    const user = ["setpriv", "--reuid=12345", "--regid=12345", "--clear-groups"];
    const before = process.getuid?.() === 0 ? user : [];
    const { of, status } = await doctor("/", ["--home", home], before);
    expect(of("home")!.says).toContain("nothing can be written in");
    expect(status).toBe(8);
    expect(existsSync(home)).toBe(false);
  },
);
test.skipIf(lacks("sqlite3"))(
  "a foreign program that holds it is named (wants sqlite3)",
  async () => {
    const place = await newPlace();
    await place.send("x", "y");
    const shell = Bun.spawn(["sqlite3", join(place.home, "bus.db")], { stdin: "pipe" });
    shell.stdin.write("begin immediate;\n");
    await shell.stdin.flush();
    await waitUntil("it holds the lock", () => place.app.store.lockHolder());
    const { findings } = await doctor(place.directory, ["--home", place.home]);
    const users = findings.filter(({ check }) => check === "users").map(({ says }) => says);
    // Whoever tests it has it open as well.
    expect(users).toContainEqual(
      expect.stringMatching(/^process \d+ \(sqlite3 .*\) has the database open, and is not skep$/),
    );
    shell.kill("SIGKILL");
    await shell.exited;
  },
);
