import { describe, expect, test } from "bun:test";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadSettings } from "../../src/config/load.ts";
import { defaults } from "../../src/config/settings.ts";
import { SkepError } from "../../src/core/errors.ts";
import { tempDir } from "../helpers/temp-dir.ts";

function homeWith(toml: string | Uint8Array): string {
  const home = tempDir();
  writeFileSync(join(home, "skep.toml"), toml);
  return home;
}

describe("the settings", () => {
  test("are the defaults where nobody chose anything, without a home too", async () => {
    expect(await loadSettings(tempDir())).toBe(defaults);
    expect(await loadSettings("/nowhere/at/all")).toBe(defaults);
    expect(await loadSettings(homeWith(""))).toEqual(defaults);
  });
  test("every one of them can be set in the file", async () => {
    const home = homeWith(`
      [bus]
      inbox_cap = 1
      inbox_bytes = 2_000_000
      body_bytes_max = 3
      lease = "30s"
      max_attempts = 4
      send_timeout = "0s"
      backoff_min = "500ms"
      backoff_max = "2m"
      max_run = "5m"
      key_window = "2h"
      history_keep = "36h"
      history_rows_max = 5_000
      dead_keep = "90d"
      request_timeout = "1m"
      [store]
      durability = "power"
      busy_timeout = "1.5s"
      [agents]
      stop_grace = "1s"
      hang_timeout = "2s"
      drain_timeout = "1h"
      log_bytes_max = 5000
      count_max = 12
      beat_every = "1s"
      suspect_after = "4s"
      [metrics]
      sample_every = "0s"
      raw_keep = "1h"
      rollup_keep = "60d"
      rows_max = 2_000
      port = 9464
      [notify]
      command = ["./tell.sh", "ops"]
      desktop = true
      webhook = "https://me:secret@Hooks.example.com/alerts"
      hosts = ["hooks.example.com"]
      severity = "critical"
      timeout = "3s"
      waiting_max = 7
      [export]
      otlp_endpoint = "http://collector.example.com:4318/v1/metrics"
      otlp_hosts = ["collector.example.com"]
      otlp_headers = ["x-api-key: 4711"]
      otlp_every = "15s"
      otlp_timeout = "2s"
    `);
    const settings = await loadSettings(home);
    expect(settings).toEqual({
      bus: {
        inboxCap: 1,
        inboxBytes: 2_000_000,
        bodyBytesMax: 3,
        leaseMs: 30_000,
        maxAttempts: 4,
        sendTimeoutMs: 0,
        requestTimeoutMs: 60_000,
        backoffMinMs: 500,
        backoffMaxMs: 120_000,
        maxRunMs: 300_000,
        keyWindowMs: 7_200_000,
        historyKeepMs: 129_600_000,
        historyRowsMax: 5_000,
        deadKeepMs: 7_776_000_000,
      },
      store: { durability: "power", busyTimeoutMs: 1_500 },
      agents: {
        countMax: 12,
        beatEveryMs: 1_000,
        suspectAfterMs: 4_000,
        stopGraceMs: 1_000,
        drainTimeoutMs: 3_600_000,
        logBytesMax: 5_000,
        hangTimeoutMs: 2_000,
      },
      metrics: {
        sampleEveryMs: 0,
        rawKeepMs: 3_600_000,
        rollupKeepMs: 5_184_000_000,
        rowsMax: 2_000,
        port: 9_464,
      },
      governor: defaults.governor,
      alerts: defaults.alerts,
      notify: {
        command: ["./tell.sh", "ops"],
        desktop: true,
        webhook: "https://me:secret@Hooks.example.com/alerts",
        hosts: ["hooks.example.com"],
        severity: "critical",
        timeoutMs: 3_000,
        waitingMax: 7,
      },
      alertRules: defaults.alertRules,
      export: {
        otlpEndpoint: "http://collector.example.com:4318/v1/metrics",
        otlpHosts: ["collector.example.com"],
        otlpHeaders: ["x-api-key: 4711"],
        otlpEveryMs: 15_000,
        otlpTimeoutMs: 2_000,
      },
    });
    for (const section of Object.keys(defaults) as (keyof typeof defaults)[])
      expect(Object.keys(settings[section])).toEqual(Object.keys(defaults[section]));
  });
  test("left out keep their defaults beside those that are set", async () => {
    const { bus, ...rest } = await loadSettings(homeWith("bus.inbox_cap = 7"));
    expect(bus).toEqual({ ...defaults.bus, inboxCap: 7 });
    const { bus: _, ...others } = defaults;
    expect(rest).toEqual(others);
  });
  test("in the environment go before those in the file, and may be numbers", async () => {
    const home = homeWith('bus = { lease = "30s", inbox_cap = 7 }');
    const { bus } = await loadSettings(home, {
      variables: { SKEP_BUS_LEASE: "15s", SKEP_BUS_MAX_ATTEMPTS: "9" },
    });
    expect(bus).toEqual({ ...defaults.bus, inboxCap: 7, leaseMs: 15_000, maxAttempts: 9 });
  });
  test("cannot be changed afterwards", async () => {
    const chosen = await loadSettings(homeWith("bus.inbox_cap = 7"));
    for (const settings of [defaults, chosen])
      expect(() => Object.assign(settings.bus, { inboxCap: 1 })).toThrow();
  });
});

describe("what is refused as E_CONFIG, naming the place", () => {
  const refused: [toml: string, message: string, hint?: string][] = [
    ["bus.leese = '5s'", ":1: bus.leese is not known", "Did you mean lease?"],
    ["bus.zzz = 1", ":1: bus.zzz is not known", "Known here: inbox_cap, "],
    ["[buss]", ":1: buss is not known", "Did you mean bus?"],
    ["bus = 5", ":1: bus must be a table of keys and values, not 5"],
    ["bus = []", ":1: bus must be a table of keys and values, not []"],
    ["bus = 2020-01-01", ":1: bus must be a table of keys and values"],
    ["nope = {}", ":1: nope is not known"],
    ["[[bus]]", ":1: bus must be a table of keys and values"],
    ["bus.inbox_cap = 0", ":1: bus.inbox_cap must be a whole number from 1 to 1000000000, not 0"],
    ["bus.inbox_cap = 1.5", ":1: bus.inbox_cap must be a whole number"],
    [
      "bus.inbox_cap = '7'",
      `:1: bus.inbox_cap must be a whole number from 1 to 1000000000, not "7"`,
    ],
    ["bus.lease = 5", ":1: bus.lease must be a duration from 10ms to 7d, not 5", "500ms, 5s"],
    ["bus.lease = '5'", `:1: bus.lease must be a duration from 10ms to 7d, not "5"`],
    ["bus.lease = '0s'", ":1: bus.lease must be a duration from 10ms to 7d"],
    ["bus.lease = '8d'", ":1: bus.lease must be a duration from 10ms to 7d"],
    ["bus.dead_keep = '366d'", ":1: bus.dead_keep must be a duration from 0s to 365d"],
    ["bus.lease = 2020-01-01", ":1: bus.lease must be a duration"],
    [
      "store.durability = 'pwer'",
      `:1: store.durability must be process or power, not "pwer"`,
      "Did you mean power?",
    ],
    ["bus.backoff_min = '2m'", ":1: bus.backoff_min is 2m, more than bus.backoff_max (1m)"],
    [
      "bus.body_bytes_max = 100_000_000",
      ":1: bus.body_bytes_max is 100000000, more than bus.inbox_bytes (67108864)",
    ],
    ["\n[bus]\nlease = \n", ":3:9 is not valid TOML: a value is missing"],
    ["bus.lease = '5s'\nbus.lease = '6s'", ":2:1 is not valid TOML: bus.lease is there twice"],
    [
      "bus.inbox_cap = 99999999999999999999",
      ":1:17 is not valid TOML: a number is not well written",
    ],
  ];
  for (const [toml, message, hint] of refused)
    test(JSON.stringify(toml), async () => {
      const home = homeWith(toml);
      const error = await refusal(loadSettings(home));
      expect(error.message).toStartWith(join(home, "skep.toml") + message);
      expect(error.hint ?? "").toContain(hint ?? "");
    });

  test("every mistake is told at once, those of the environment first", async () => {
    const home = homeWith("[bus]\nlease = 5\nleese = 5\nbackoff_min = '2m'");
    const variables = { SKEP_BUS_LEASE: "soon", SKEP_STORE_DURABILITY: "none" };
    const { message, mistakes } = await refusal(loadSettings(home, { variables }));
    expect(message).toStartWith("the settings have 5 mistakes\n");
    expect(mistakes).toMatchObject([
      { file: null, line: null, key: "SKEP_BUS_LEASE" },
      { file: null, line: null, key: "SKEP_STORE_DURABILITY" },
      { file: join(home, "skep.toml"), line: 2, key: "bus.lease" },
      { file: join(home, "skep.toml"), line: 3, key: "bus.leese" },
      { file: join(home, "skep.toml"), line: 4, key: "bus.backoff_min" },
    ]);
  });
  test("a variable that does not fit, by its own name", async () => {
    const error = await refusal(loadSettings(tempDir(), { variables: { SKEP_BUS_LEASE: "soon" } }));
    expect(error.message).toBe('SKEP_BUS_LEASE must be a duration from 10ms to 7d, not "soon"');
  });
  test("a variable that is no setting, with a guess", async () => {
    const guess = async (variable: string) =>
      await refusal(loadSettings(tempDir(), { variables: { [variable]: "x" } }));
    expect((await guess("SKEP_BUS_LEESE")).hint).toBe("Did you mean SKEP_BUS_LEASE?");
    expect((await guess("SKEP_AGNET")).hint).toBe("Did you mean SKEP_AGENT?");
    expect((await guess("SKEP_SOMETHING_ELSE")).message).toBe(
      "SKEP_SOMETHING_ELSE is not known to skep",
    );
  });
  test("a variable does not mend a section that is no table", async () => {
    const error = await refusal(
      loadSettings(homeWith("bus = 5"), { variables: { SKEP_BUS_LEASE: "15s" } }),
    );
    expect(error.message).toContain("skep.toml:1: bus must be a table");
  });
  test("a file that is not text, and one that is a directory", async () => {
    const bytes = await refusal(loadSettings(homeWith(Uint8Array.of(0x62, 0xff))));
    expect(bytes.message).toEndWith("skep.toml:1:2 is not UTF-8 text");
    const home = tempDir();
    mkdirSync(join(home, "skep.toml"));
    expect((await refusal(loadSettings(home))).message).toContain("cannot be read (EISDIR)");
  });
  test("a file that is a link to nowhere, for somebody meant something by it", async () => {
    const home = tempDir();
    const file = join(home, "skep.toml");
    symlinkSync(join(home, "nowhere.toml"), file);
    const { message } = await refusal(loadSettings(home));
    expect(message).toBe(`${file} is a link to a file that is not there`);
    writeFileSync(join(home, "nowhere.toml"), "bus.inbox_cap = 7");
    expect((await loadSettings(home)).bus.inboxCap).toBe(7);
  });
});

async function refusal(promise: Promise<unknown>): Promise<SkepError> {
  try {
    await promise;
  } catch (error) {
    if (!(error instanceof SkepError)) throw error;
    expect(error.code).toBe("E_CONFIG");
    return error;
  }
  throw new Error("nothing was refused");
}
