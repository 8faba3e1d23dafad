import { describe, expect, test } from "bun:test";
import { faultOf } from "../../src/config/faults.ts";
import { resolveSettings } from "../../src/config/resolve.ts";
import type { Choices } from "../../src/config/resolve.ts";

const resolve = (toml: string | undefined, choices: Partial<Choices> = {}, file = "skep.toml") =>
  resolveSettings(toml === undefined ? undefined : { file, bytes: Buffer.from(toml) }, {
    variables: {},
    flags: [],
    ...choices,
  });

const held = async (key: string, ...given: Parameters<typeof resolve>) => {
  const { chosen, mistakes } = await resolve(...given);
  expect(mistakes).toEqual([]);
  const { value, origin, place } = chosen.get(key)!;
  return [value, origin, place?.key ?? null, place?.line ?? null];
};

describe("what holds of a setting", () => {
  const toml = 'profile = "staging"\n[agents]\ncount_max = 7\n';
  const variables = { SKEP_AGENTS_COUNT_MAX: "8" };
  const flags = ["agents.count_max=9"];
  const key = "agents.count_max";

  test("follows another setting where nobody chose it, as somebody would write it", async () => {
    const beat = async (suspectAfter: string) => {
      const toml = `agents.suspect_after = "${suspectAfter}"`;
      return (await resolve(toml)).chosen.get("agents.beat_every")!.value;
    };
    expect(await beat("2s")).toBe(600);
    expect(await beat("10s")).toBe(3_000);
    expect(await beat("301ms")).toBe(100);
    expect(await beat("1h")).toBe(5_000);
  });
  test("is what a flag says, before a variable, before the file, before the profile, before what is usual", async () => {
    expect(await held(key, toml, { variables, flags })).toEqual([9, "flag", `--set ${key}`, null]);
    expect(await held(key, toml, { variables })).toEqual([
      8,
      "environment",
      "SKEP_AGENTS_COUNT_MAX",
      null,
    ]);
    expect(await held(key, toml)).toEqual([7, "file", key, 3]);
    expect(await held(key, 'profile = "staging"')).toEqual([100, "profile", "staging", null]);
    expect(await held(key, undefined)).toEqual([10_000, "default", null, null]);
  });
  test("is what the profile has that goes before another one", async () => {
    const prod = { variables: { SKEP_PROFILE: "prod" } };
    expect(await held(key, 'profile = "dev"', prod)).toEqual([500, "profile", "prod", null]);
    const none = { ...prod, flags: ["profile=none"] };
    expect(await held(key, 'profile = "dev"', none)).toEqual([10_000, "default", null, null]);
  });
  test("is the last of several flags", async () => {
    const twice = { flags: ["bus.lease=20s", "bus.lease=30s"] };
    expect((await held("bus.lease", undefined, twice))[0]).toBe(30_000);
  });
  test("is what YAML and JSON say as well, and an empty file says nothing", async () => {
    expect(await held("bus.lease", "bus:\n  lease: 20s\n", {}, "skep.yaml")).toEqual([
      20_000,
      "file",
      "bus.lease",
      2,
    ]);
    expect((await held("bus.lease", '{"bus": {"lease": "20s"}}', {}, "skep.json"))[0]).toBe(20_000);
    expect((await held("bus.lease", "", {}, "skep.yml"))[1]).toBe("default");
  });
});

describe("the variables of the original system", () => {
  const [timeout, ours] = ["CFN_HEALTH_TIMEOUT", "SKEP_AGENTS_SUSPECT_AFTER"];

  test("are heeded in their own units, and skep's go before them", async () => {
    const key = "agents.suspect_after";
    const alias = { variables: { [timeout]: "45" } };
    expect(await held(key, undefined, alias)).toEqual([45_000, "environment", timeout, null]);
    const both = { variables: { [ours]: "50s", [timeout]: "45" } };
    expect(await held(key, undefined, both)).toEqual([50_000, "environment", ours, null]);
    const payload = { variables: { CFN_MAX_PAYLOAD_SIZE: "2048" } };
    expect((await held("bus.body_bytes_max", undefined, payload))[0]).toBe(2_048);
  });
  test("are refused with the range in their own units", async () => {
    for (const text of ["0", "30s", "99999999", "1.5", "-1"]) {
      const { mistakes } = await resolve(undefined, { variables: { [timeout]: text } });
      expect(mistakes.map(({ message }) => message)).toEqual([
        `${timeout} must be a whole number of seconds from 1 to 86400, not "${text}"`,
      ]);
    }
  });
  test("are warned of where they have no effect, with the reason when it is one", async () => {
    const warnings = async (variables: Record<string, string>) =>
      (await resolve(undefined, { variables })).warnings;
    expect(await warnings({ CFN_SHARD_COUNT: "4" })).toEqual([
      "CFN_SHARD_COUNT has no effect: one database needs no shards: its writers queue in order",
    ]);
    expect(await warnings({ CFN_MAX_AGENT: "4" })).toEqual([
      "CFN_MAX_AGENT has no effect: Did you mean CFN_MAX_AGENTS?",
    ]);
    expect(await warnings({ CFN_FOO: "1", CFN_BAR: "1", CFN_BAZ: "1" })).toEqual([
      "CFN_BAR and 2 more CFN_ variables have no effect; skep config explain says why of each",
    ]);
    expect(await warnings({ [timeout]: "45" })).toEqual([]);
  });
});

describe("what is wrong", () => {
  const messages = async (...given: Parameters<typeof resolve>) =>
    (await resolve(...given)).mistakes.map(({ message, hint }) => `${message} | ${hint}`);

  test("is told of every place at once, in a file that is no TOML too", async () => {
    const variables = { SKEP_BUS_LEESE: "5s", SKEP_BUS_MAX_ATTEMPTS: "many" };
    const flags = ["bus.lease", "bus.laese=5s", "store.durability=none"];
    expect(await messages("[bus\n", { variables, flags })).toEqual([
      "--set bus.lease has no value | Write --set bus.lease=30s.",
      "--set bus.laese is no setting | Did you mean bus.lease?",
      '--set store.durability must be process or power, not "none" | null',
      "SKEP_BUS_LEESE is not known to skep | Did you mean SKEP_BUS_LEASE?",
      'SKEP_BUS_MAX_ATTEMPTS must be a whole number from 1 to 1000000, not "many" | null',
      expect.stringMatching(/^skep.toml:1:\d+ is not valid TOML: .* \| Correct the file/),
    ]);
  });
  test("in a variable of a file is told with that file and the line, and by file", async () => {
    const variables = {
      SKEP_BUS_LEASE: "soon",
      SKEP_BUS_LEESE: "5s",
      CFN_HEALTH_TIMEOUT: "9".repeat(900),
      CFN_SHARD_COUNT: "4",
    };
    const places = Object.fromEntries(
      Object.keys(variables).map((key, n) => [key, { file: "my.env", line: 9 - n, key }]),
    );
    const { mistakes, warnings } = await resolve("bus.lease = 5", { variables, places });
    expect(faultOf(mistakes, "there are").mistakes!.map(({ message }) => message)).toEqual([
      `my.env:7: CFN_HEALTH_TIMEOUT must be a whole number of seconds from 1 to 86400, not "${"9".repeat(58)}…`,
      "my.env:8: SKEP_BUS_LEESE is not known to skep",
      'my.env:9: SKEP_BUS_LEASE must be a duration from 10ms to 7d, not "soon"',
      "skep.toml:1: bus.lease must be a duration from 10ms to 7d, not 5",
    ]);
    expect(warnings).toEqual([
      "my.env:6: CFN_SHARD_COUNT has no effect: one database needs no shards: its writers queue in order",
    ]);
  });
  test("is told where it was chosen, between settings of different places too", async () => {
    expect(await messages('bus.backoff_max = "500ms"')).toEqual([
      "skep.toml:1: bus.backoff_max is 500ms, less than bus.backoff_min (1s) | The shortest pause cannot be longer than the longest.",
    ]);
    const variables = { SKEP_BUS_BACKOFF_MIN: "2s" };
    expect(await messages('bus.backoff_max = "500ms"', { variables })).toEqual([
      "SKEP_BUS_BACKOFF_MIN is 2s, more than bus.backoff_max (500ms) | The shortest pause cannot be longer than the longest.",
    ]);
    const flags = ["bus.inbox_bytes=1000"];
    expect(await messages('profile = "prod"', { flags })).toEqual([
      "--set bus.inbox_bytes is 1000, less than bus.body_bytes_max (1048576) | A body of that length would fit into no inbox.",
    ]);
  });
  test("is a beat that a lease or the patience has no room for three of", async () => {
    const toml = '[bus]\nlease = "10s"\n[agents]\nbeat_every = "5s"\n';
    expect(await messages(toml)).toEqual([
      "skep.toml:4: agents.beat_every is 5s, and 3 × that is more than bus.lease (10s) | A lease that is shorter runs out before anybody can tell that its holder is gone.",
    ]);
  });
});

test("a beat that nobody chose follows the lease and the patience", async () => {
  const { settings } = await resolve('bus.lease = "6s"');
  expect(settings.agents.beatEveryMs).toBe(2_000);
  const shortest = await resolve('bus.lease = "30ms"');
  expect([shortest.mistakes, shortest.settings.agents.beatEveryMs]).toEqual([[], 100]);
});
