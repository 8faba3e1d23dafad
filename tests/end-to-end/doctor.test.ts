// `skep doctor` on homes that are well, and on homes that are not.
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, setDefaultTimeout, test } from "bun:test";
import { idle, run, swarmPlaces } from "../agents/swarm-place.ts";
import { skepExecutable } from "../helpers/executable.ts";
import { lacks } from "../helpers/programs.ts";
import { tempDir } from "../helpers/temp-dir.ts";
import { waitUntil } from "../helpers/wait-until.ts";

setDefaultTimeout(240_000);
const newPlace = swarmPlaces();

interface Finding {
  check: string;
  verdict: string;
  says: string;
  fix: string | null;
}

async function doctor(directory: string, words: string[] = [], before: string[] = []) {
  // How much memory is left on this machine is not what is tested, and one agent needs little of it.
  const few = words.includes("--agents") ? [] : ["--agents", "1"];
  const command = [...before, await skepExecutable(), "doctor", "--json", ...few, ...words];
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
    "home",
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
test("where hardly any file can be opened it says so, and examines the rest", async () => {
  const limited = ["sh", "-c", 'ulimit -n 20 && exec "$0" "$@"'];
  const { status, of } = await doctor(tempDir(), ["--agents", "100"], limited);
  expect(status).toBe(8);
  expect(of("open files")!.verdict).toBe("fail");
  expect(of("memory")).toBeDefined();
});
test("a quick swarm that is interrupted is taken down, and leaves nothing", async () => {
  const directory = tempDir();
  const skep = await skepExecutable();
  // It works for no longer than some seconds, so on a busy machine it may be over by the time that anybody sees it.
  const isInterrupted = async () => {
    const running = run([skep, "doctor", "--quick-swarm"], directory, {});
    let over = false;
    void running.ended.then(() => (over = true));
    const isAtWork = () => running.stderr().includes("working for 5 s");
    await waitUntil("it is at work", () => isAtWork() || over);
    const there = readdirSync(directory).length;
    running.kill("SIGINT");
    const { status } = await running.ended;
    expect(readdirSync(directory)).toEqual([]);
    return there === 1 && status === 130;
  };
  await waitUntil("one is interrupted at its work", isInterrupted, 400_000);
}, 600_000);
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
test("--fix makes a home", async () => {
  const home = join(tempDir(), "home");
  expect((await doctor("/", ["--fix", "--home", home])).mended).toEqual([`made ${home}`]);
  expect(statSync(home).mode & 0o777).toBe(0o700);
});
test("a home that is open to others is warned of and left so; --fix closes it, and so does each command that opens it", async () => {
  const place = await newPlace();
  await place.send("x", "y");
  const { home, directory } = place;
  const modes = () => ["", "bus.db"].map((name) => statSync(join(home, name)).mode & 0o777);
  const openUp = () => [chmodSync(home, 0o755), chmodSync(join(home, "bus.db"), 0o644)];
  openUp();
  const seen = await doctor(directory, ["--home", home]);
  expect([seen.status, seen.of("home")!.verdict]).toEqual([0, "warn"]);
  expect(seen.of("database")!.verdict).toBe("pass");
  expect(modes()).toEqual([0o755, 0o644]);
  const mended = await doctor(directory, ["--fix", "--home", home]);
  expect(mended.mended).toEqual([`closed ${home} to other users`]);
  expect(mended.of("home")!.verdict).toBe("pass");
  expect(modes()).toEqual([0o700, 0o600]);
  openUp();
  const inboxes = [await skepExecutable(), "inboxes", "--home", home];
  const said = `skep: ${home} was open to other users, and is closed to them now (mode 0700)\n`;
  expect((await run(inboxes, directory, {}).ended).stderr).toBe(said);
  expect(modes()).toEqual([0o700, 0o600]);
  expect((await run(inboxes, directory, {}).ended).stderr).toBe("");
});
test.skipIf(process.getuid?.() !== 0)(
  "a home of another user fails, is left alone, and all the rest is examined (wants root, to give it away)",
  async () => {
    const home = join(tempDir(), "home");
    mkdirSync(home, { mode: 0o700 });
    chownSync(home, 12_345, 12_345);
    for (const words of [[], ["--fix"]]) {
      const { status, of, findings, mended } = await doctor("/", [...words, "--home", home]);
      expect([status, mended]).toEqual([8, []]);
      const told = findings.filter(({ verdict }) => verdict === "fail");
      expect(told.map(({ check }) => check)).toEqual(["home"]);
      expect(told[0]!.says).toBe(`${home} belongs to another user (uid 12345, and you are 0)`);
      expect(told[0]!.fix).toContain(`sudo chown -R 0 ${home}`);
      expect([of("memory")?.check, of("database")]).toEqual(["memory", undefined]);
    }
    expect([statSync(home).uid, readdirSync(home)]).toEqual([12_345, []]);
  },
);
test("a database that is none, and settings that do not fit, fail with what to do", async () => {
  const directory = tempDir();
  const home = join(directory, "home");
  mkdirSync(home, { mode: 0o700 });
  writeFileSync(join(home, "bus.db"), "This is no database. ".repeat(100), { mode: 0o600 });
  const { status, of } = await doctor(directory, ["--home", home]);
  expect(status).toBe(8);
  expect(of("database")).toMatchObject({ verdict: "fail" });
  writeFileSync(join(home, "skep.toml"), '[bus]\nlease = "never"\n');
  const both = await doctor(directory, ["--home", home]);
  expect(both.of("settings")).toMatchObject({ verdict: "fail" });
  expect(both.of("database")!.says).toBe(of("database")!.says);
  rmSync(join(home, "bus.db"));
  writeFileSync(join(home, "skep.toml"), "");
  await run([await skepExecutable(), "--home", home, "send", "a1", "x"], directory, {}).ended;
  writeFileSync(join(home, "skep.toml"), "[bus\n");
  const one = await doctor(directory, ["--home", home]);
  expect(one.of("database")).toMatchObject({ verdict: "pass" });
  expect(one.findings.filter(({ says }) => says.includes("not valid TOML"))).toHaveLength(1);
});
test("a database with a damaged page is told by what is wrong first, in one line", async () => {
  const home = join(tempDir(), "home");
  const skep = [await skepExecutable(), "--home", home];
  const body = "q".repeat(100_000);
  for (let i = 0; i < 3; i++) await run([...skep, "send", "x", body], "/", {}).ended;
  const path = join(home, "bus.db");
  const bytes = readFileSync(path);
  // A page in the middle of a body, that begins with the number of the next.
  const page = bytes.indexOf("q".repeat(bytes.readUInt16BE(16) - 4)) - 4;
  bytes.fill(255, page, page + 4);
  writeFileSync(path, bytes);
  const { of, status } = await doctor("/", ["--home", home]);
  expect([status, of("database")!.verdict]).toEqual([8, "fail"]);
  expect(of("database")!.says).toMatch(/^it is damaged: [^*\n]+$/);
});
test("a database that somebody keeps from everybody is told as locked, with who that is", async () => {
  const home = join(tempDir(), "home");
  await run([await skepExecutable(), "send", "x", "y", "--home", home], "/", {}).ended;
  const script = `const { Database } = require("bun:sqlite");
    const db = new Database(process.argv[1]);
    db.run("pragma locking_mode = exclusive");
    db.run("begin exclusive");
    console.log("it has it");
    setInterval(() => {}, 1000);`;
  const command = [process.execPath, "-e", script, join(home, "bus.db")];
  const keeper = Bun.spawn(command, { stdout: "pipe" });
  await keeper.stdout.getReader().read();
  const { of, status } = await doctor("/", ["--home", home]);
  keeper.kill("SIGKILL");
  await keeper.exited;
  expect([status, of("database")!.verdict]).toEqual([8, "fail"]);
  expect(of("database")!.says).toContain("is locked by another writer");
  expect(of("users")!.says).toStartWith(`process ${keeper.pid} (`);
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
    expect(of("home")!.says).toBe(`${home} cannot be created or written (EACCES)`);
    expect(status).toBe(8);
    expect(existsSync(home)).toBe(false);
  },
);
test.skipIf(process.getuid?.() !== 0 || lacks("setpriv"))(
  "settings that may not be read are a finding among the others (wants root, and setpriv, to be somebody else)",
  async () => {
    const home = join(tempDir(), "home");
    mkdirSync(home);
    chmodSync(join(home, ".."), 0o755);
    writeFileSync(join(home, "skep.toml"), "", { mode: 0o600 });
    const before = ["setpriv", "--reuid=12345", "--regid=12345", "--clear-groups"];
    const { of, status } = await doctor("/", ["--home", home], before);
    expect(status).toBe(8);
    expect(of("settings")!.says).toContain("belongs to another user");
    expect(of("memory")).toBeDefined();
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
