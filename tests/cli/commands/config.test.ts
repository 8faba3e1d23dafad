import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { allSettings } from "../../../src/config/setting-names.ts";
import { plainVariables } from "../../../src/config/plain-variables.ts";
import { forgone } from "../../../src/config/originals.ts";
import { newSkep } from "../../helpers/skep.ts";
import { tempDir } from "../../helpers/temp-dir.ts";

// Processes start slowly on a busy machine.
setDefaultTimeout(240_000);

const lines = (text: string) =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));

function homeWith(name: string, text: string): { SKEP_HOME: string } {
  const home = join(tempDir(), "home");
  mkdirSync(home, { mode: 0o700 });
  writeFileSync(join(home, name), text);
  return { SKEP_HOME: home };
}

describe("config show", () => {
  test("prints the value of each setting and where it is from, and makes no home", async () => {
    const skep = newSkep();
    const env = {
      ...homeWith("skep.yaml", "profile: dev\nbus:\n  lease: 20s\n"),
      SKEP_BUS_MAX_ATTEMPTS: "9",
      CFN_HEALTH_TIMEOUT: "40",
    };
    const words = ["config", "show", "--set", "bus.inbox_cap=50"];
    const { status, stdout } = await skep(words, "", env);
    expect(status).toBe(0);
    const rows = stdout.split("\n").map((line) => line.split(/ {2,}/));
    const file = join(env.SKEP_HOME, "skep.yaml");
    for (const row of [
      ["SETTING", "VALUE", "FROM"],
      ["profile", "dev", `${file}:1`],
      ["bus.lease", "20s", `${file}:3`],
      ["bus.inbox_cap", "50", "--set bus.inbox_cap"],
      ["bus.max_attempts", "9", "SKEP_BUS_MAX_ATTEMPTS"],
      ["agents.suspect_after", "40s", "CFN_HEALTH_TIMEOUT"],
      ["agents.count_max", "10", "profile dev"],
      ["bus.max_run", "1h", "default"],
    ])
      expect(rows).toContainEqual(row);
    const json = lines((await skep([...words, "--json"], "", env)).stdout);
    expect(json.map(({ setting }) => setting)).toEqual(allSettings.map(({ key }) => key));
    expect(json.find(({ setting }) => setting === "bus.lease")).toEqual({
      setting: "bus.lease",
      value: "20s",
      source: "file",
      name: null,
      file,
      line: 3,
    });
  });
  test("takes variables from a file that is named, where they are not set, and heeds no .env", async () => {
    const skep = newSkep();
    const file = join(tempDir(), ".env");
    writeFileSync(file, "SKEP_BUS_LEASE=20s\nSKEP_BUS_MAX_ATTEMPTS=7\n");
    const words = ["config", "show", "--json", "--env-file", file];
    const { stdout } = await skep(words, "", { SKEP_BUS_LEASE: "30s" });
    const held = new Map(lines(stdout).map((one) => [one.setting, one]));
    expect(held.get("bus.lease")).toMatchObject({ value: "30s", file: null, line: null });
    expect(held.get("bus.max_attempts")).toEqual({
      setting: "bus.max_attempts",
      value: 7,
      source: "environment",
      name: "SKEP_BUS_MAX_ATTEMPTS",
      file,
      line: 2,
    });
    const text = await skep(["config", "show", "--env-file", file]);
    expect(text.stdout).toMatch(/bus\.lease +20s +SKEP_BUS_LEASE \(.*\.env:1\)\n/);
    writeFileSync(file, "# of mine\nSKEP_BUS_LEASE=never\n");
    const wrong = await skep(["config", "show", "--env-file", file]);
    expect([wrong.status, wrong.stderr]).toEqual([
      2,
      expect.stringContaining(`${file}:2: SKEP_BUS_LEASE must be a duration`),
    ]);
  });
  test("refuses what does not fit, all at once, with exit 2", async () => {
    const env = { ...homeWith("skep.toml", "[bus]\nleese = 5\n"), SKEP_NOPE: "1" };
    const { status, stdout, stderr } = await newSkep()(["config", "show"], "", env);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("SKEP_NOPE is not known to skep");
    expect(stderr).toContain("skep.toml:2: bus.leese is not known");
  });
});

describe("config explain", () => {
  test("has every setting and every variable of the original, with unit, range, default and source", async () => {
    const { stdout } = await newSkep()(["config", "explain", "--json"]);
    const all = lines(stdout);
    for (const { key, variable, setting } of allSettings) {
      const told = all.find((one) => one.setting === key);
      expect(told).toMatchObject({ variable, purpose: setting.purpose, source: "default" });
      for (const words of ["unit", "default", "range", "value"]) expect(told[words]).toMatch(/\S/);
    }
    for (const variable of Object.keys(plainVariables)) {
      const told = all.find((one) => one.variable === variable);
      for (const words of ["unit", "default", "range", "source"]) expect(told[words]).toMatch(/\S/);
    }
    const without = forgone.map(({ name }) => all.find(({ variable }) => variable === name));
    const aliases = all.flatMap(({ original }) => original ?? []);
    expect(without.length + aliases.length).toBe(26);
    for (const told of [...without, ...aliases])
      for (const words of ["unit", "default", "range"]) expect(told[words]).toMatch(/\S/);
    for (const { there } of aliases)
      for (const words of ["default", "range"]) expect(there[words]).toMatch(/\S/);
  });
  test("has the home by both of its names, with who sets it, and shows no token", async () => {
    const skep = newSkep();
    const env = { SKEP_HOME: "", CFN_BASE_DIR: join(tempDir(), "home"), SKEP_TOKEN: "hunter2" };
    const { stdout } = await skep(["config", "explain", "CFN_BASE_DIR"], "", env);
    expect(stdout).toContain(`  value     ${env.CFN_BASE_DIR}, from: CFN_BASE_DIR\n`);
    expect(stdout).toContain("CFN_BASE_DIR, the same (there: its parent exists");
    expect(await skep(["config", "explain", "SKEP_HOME"], "", env)).toMatchObject({ stdout });
    for (const flags of [[], ["--json"]])
      expect((await skep(["config", "explain", ...flags], "", env)).stdout).not.toContain(
        "hunter2",
      );
  });
  test("has all about one, by any of its names", async () => {
    const skep = newSkep();
    const told = await skep(["config", "explain", "agents.suspect_after"]);
    expect(told.stdout)
      .toBe(`agents.suspect_after: How long an agent is silent or stopped before it is suspect; silence alone never kills.
  value     15s, from: default
  default   15s
  profiles  prod 30s
  range     300ms to 1d
  unit      a duration: 500ms, 5s, 2m, 1h, 7d
  variable  SKEP_AGENTS_SUSPECT_AFTER
  original  CFN_HEALTH_TIMEOUT, in seconds: 1 to 86400; default 15 (there: 1 to 300; default 30)
  a change  commands have it at once, a swarm after skep down and up
`);
    for (const name of ["suspect_after", "SKEP_AGENTS_SUSPECT_AFTER", "CFN_HEALTH_TIMEOUT"])
      expect(await skep(["config", "explain", name])).toEqual(told);
    const section = await skep(["config", "explain", "store"]);
    expect(section.stdout).toMatch(/^store\.durability: .*\n[^]*\n\nstore\.busy_timeout: /);
    const none = await skep(["config", "explain", "CFN_SHARD_COUNT"]);
    expect(none.stdout).toContain("has no effect: one database needs no shards");
  });
  test("guesses what was meant, and exits 3", async () => {
    const { status, stderr } = await newSkep()(["config", "explain", "bus.leese"]);
    expect([status, stderr]).toEqual([
      3,
      'skep: there is no setting "bus.leese"\n  Did you mean bus.lease?\n',
    ]);
  });
});

describe("config check", () => {
  const swarm = 'name = "s"\n[agents.a]\ncommand = ["sh"]\ncount = 40\n';
  const fileOf = (text: string) => {
    const path = join(tempDir(), "swarm.toml");
    writeFileSync(path, text);
    return path;
  };

  test("says what the swarm and others take here, and makes nothing", async () => {
    const skep = newSkep();
    const { status, stdout, stderr } = await skep(["config", "check", fileOf(swarm)]);
    expect(status).toBe(0);
    const home = /^(?:all is well|nothing is wrong, .*); the home is (.*)$/m.exec(stderr)![1]!;
    expect(existsSync(home)).toBe(false);
    expect(stdout).toMatch(/^s +40 +\d+ MiB +\d+ +\d+ +[\d.]+ [MG]iB +\S/m);
    for (const count of [100, 300, 708])
      expect(stdout.match(new RegExp(`^${count} agents`, "gm"))).toHaveLength(2);
    const json = JSON.parse((await skep(["config", "check", fileOf(swarm), "--json"])).stdout);
    expect(json.swarms.map(({ agents }: { agents: number }) => agents)).toEqual([
      40, 100, 100, 300, 300, 708, 708,
    ]);
    expect(json.room.cores).toBeGreaterThan(0);
  });
  test("tells everything that is wrong at once: settings, home, swarm file", async () => {
    const taken = join(tempDir(), "taken");
    writeFileSync(taken, "");
    const file = fileOf(swarm.replace("count", "cuont"));
    const words = ["config", "check", file, "--set", "bus.lease=x", "--home", taken];
    const { status, stdout, stderr } = await newSkep()(words, "", { SKEP_NOPE: "1" });
    expect([status, stdout]).toEqual([2, ""]);
    for (const line of [
      "skep: the configuration has 4 mistakes",
      '  --set bus.lease must be a duration from 10ms to 7d, not "x"',
      "  SKEP_NOPE is not known to skep",
      `  ${taken} is not a directory`,
      `  ${file}:4: agents.a.cuont is not known`,
    ])
      expect(stderr.split("\n")).toContain(line);
  });
  test("tells what of the machine is not enough for the swarm", async () => {
    const file = fileOf(swarm);
    const program = join(import.meta.dir, "..", "..", "..", "bin", "skep.ts");
    const script = 'ulimit -n 100 && exec "$0" "$1" config check "$2" --json';
    const { exitCode, stderr } = Bun.spawnSync(
      ["sh", "-c", script, process.execPath, program, file],
      {
        env: { PATH: process.env["PATH"]!, SKEP_HOME: join(tempDir(), "home") },
      },
    );
    expect(exitCode).toBe(2);
    const { mistakes } = JSON.parse(`${stderr}`).error;
    expect(mistakes).toContainEqual({
      file,
      line: null,
      column: null,
      key: "a swarm of 40",
      message: `${file}: a swarm of 40 needs 224 open files in one process, and 100 are allowed`,
      hint: "Raise ulimit -n, or put agents into a pool.",
    });
  });
  test("does not say that all is well where the machine is too small for what others would take", async () => {
    const program = join(import.meta.dir, "..", "..", "..", "bin", "skep.ts");
    const script = 'ulimit -n 100 && exec "$0" "$1" config check';
    const home = join(tempDir(), "home");
    const { exitCode, stderr } = Bun.spawnSync(["sh", "-c", script, process.execPath, program], {
      cwd: tempDir(),
      env: { PATH: process.env["PATH"]!, SKEP_HOME: home },
    });
    expect(`${stderr}`).toBe(
      `nothing is wrong, but this machine is too small for 100, 300 or 708 agents; the home is ${home}\n`,
    );
    expect(exitCode).toBe(0);
  });
  test("tells of two files of settings", async () => {
    const env = homeWith("skep.toml", "");
    writeFileSync(join(env.SKEP_HOME, "skep.json"), "{}");
    const { status, stderr } = await newSkep()(["config", "check"], "", env);
    expect(status).toBe(2);
    expect(stderr).toContain("there are settings in ");
  });
});

test("config schema prints a JSON Schema of settings or of swarm files", async () => {
  const skep = newSkep();
  for (const which of [[], ["settings"], ["swarm"]]) {
    const { status, stdout } = await skep(["config", "schema", ...which]);
    expect(status).toBe(0);
    expect(JSON.parse(stdout).$schema).toBe("https://json-schema.org/draft/2020-12/schema");
  }
  expect((await skep(["config", "schema", "swam"])).stderr).toContain("Did you mean swarm?");
});

test("settings by flags hold for any command, and what has no effect is said", async () => {
  const skep = newSkep();
  const words = ["send", "a1", "too long", "--set", "bus.body_bytes_max=3"];
  expect((await skep(words)).status).toBe(2);
  const { status, stderr } = await skep(["send", "a1", "x"], "", { CFN_SHARD_COUNT: "4" });
  expect([status, stderr]).toEqual([
    0,
    "skep: CFN_SHARD_COUNT has no effect: one database needs no shards: its writers queue in order\n",
  ]);
});

describe("init", () => {
  test("writes every setting as a remark, which says nothing until it is none", async () => {
    const skep = newSkep();
    const { status, stdout, stderr } = await skep(["init"]);
    expect(status).toBe(0);
    const { home } = JSON.parse(stdout);
    const path = join(home, "skep.toml");
    expect(stderr).toContain(`settings: ${path}\n`);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const text = readFileSync(path, "utf8");
    expect(text.split("\n").filter((line) => line !== "" && !line.startsWith("#"))).toEqual([]);
    writeFileSync(path, text.replaceAll(/^#(?! )/gm, ""));
    const shown = lines((await skep(["config", "show", "--json"])).stdout);
    expect(shown.filter(({ source }) => source !== "file")).toEqual([]);
  });
  test("overwrites nothing", async () => {
    for (const name of ["skep.toml", "skep.json"]) {
      const env = homeWith(name, name === "skep.json" ? "{}" : "bus.lease = '30s'");
      const before = readFileSync(join(env.SKEP_HOME, name), "utf8");
      const { status, stderr } = await newSkep()(["init"], "", env);
      expect(status).toBe(0);
      expect(stderr).toStartWith("settings: there was a file of them, and it is left as it was\n");
      // From here that home has to be named.
      const named = `skep --home ${env.SKEP_HOME}`;
      expect(stderr).toEndWith(`try: ${named} send a1 hello && ${named} recv a1\n`);
      expect(readFileSync(join(env.SKEP_HOME, name), "utf8")).toBe(before);
    }
  });
});
