import { readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { check } from "../../src/cli/config-check.ts";
import { openApp } from "../../src/app.ts";
import { defaults } from "../../src/config/settings.ts";
import { recordPoints } from "../../src/metrics/record.ts";
import { heardContext } from "../helpers/heard-context.ts";

const swarm = (agents: object) => JSON.stringify({ name: "census", agents });

test("what fits is told with what it takes of this machine, and what 100, 300 or 708 agents would", async () => {
  const { context, lines, said, home } = heardContext("");
  const file = join(home, "swarm.json");
  writeFileSync(file, swarm({ a: { command: ["sleep", "1"], count: 3 } }));
  await check(context, file);
  // Which of the others this machine is large enough for is its own affair.
  expect(said).toEqual([expect.stringMatching(/^(all is well|nothing is wrong, but .*);/)]);
  expect(said[0]).toEndWith(`; the home is ${home}`);
  for (const name of ["census", "100 agents", "300 agents", "708 agents"])
    expect(lines.some((line) => line.startsWith(name))).toBe(true);
});
test("everything that is wrong is told at once, with file and line", async () => {
  const { context, home } = heardContext('[bus]\nlease = "never"\n');
  const file = join(home, "swarm.json");
  writeFileSync(file, swarm({ a: { command: ["sleep", "1"], cuont: 3 } }));
  const fault = await check(context, file).then(
    () => undefined,
    (error) => error,
  );
  expect(fault.code).toBe("E_CONFIG");
  const keys = fault.mistakes.map(({ key }: { key: string }) => key);
  expect(keys).toContain("bus.lease");
  expect(keys.some((key: string) => key.startsWith("agents.a"))).toBe(true);
});
test("alerts go to no other machine unless it is named, and a wrong address is told without what it says", async () => {
  const mistakesOf = async (text: string) => {
    const { context, home } = heardContext(text);
    const fault = await check(context, undefined).then(
      () => undefined,
      (error) => error,
    );
    return fault === undefined ? [] : fault.message.replaceAll(`${home}/`, "");
  };
  const webhook = (address: string, more = "") => `[notify]\nwebhook = "${address}"\n${more}`;
  for (const host of ["hooks.example.com", "10.0.0.1", "0.0.0.0", "[::]", "localhost.example.com"])
    expect(await mistakesOf(webhook(`http://${host}/x`))).toBe(
      `skep.toml:2: notify.webhook names the host ${host}, which is not this machine`,
    );
  const named = 'hosts = ["hooks.example.com"]\n';
  expect(await mistakesOf(webhook("https://Hooks.example.com/x", named))).toEqual([]);
  expect(await mistakesOf(webhook("http://127.0.0.1:9/x"))).toEqual([]);
  for (const address of ["hooks/hidden", "ftp://hidden@localhost/", "http://", "http://a b/hidden"])
    expect(await mistakesOf(webhook(address))).toBe(
      "skep.toml:2: notify.webhook is no address of a web server",
    );
  expect(await mistakesOf('[notify]\ncommand = "tell.sh --loud"\nhosts = ["http://a/"]\n')).toBe(
    [
      "the configuration has 2 mistakes",
      'skep.toml:2: notify.command must be a list: the program, then its arguments, not "tell.sh --loud"',
      '  Write it as a list: ["sh", "tell.sh"]',
      'skep.toml:3: notify.hosts.0 must be a list of host names, not "http://a/"',
      '  Write names alone: ["hooks.example.com"]',
    ].join("\n"),
  );
});
test("how alerts are told is said, and a program for it has to be there", async () => {
  const settings = '[notify]\ncommand = ["sh", "tell.sh"]\nwebhook = "http://localhost:9/hidden"\n';
  const { context, said } = heardContext(settings);
  await check(context, undefined);
  expect(said.filter((text) => text.startsWith("alerts are told by "))).toEqual([
    "alerts are told by command: sh",
    "alerts are told by webhook: http://localhost:9",
  ]);
  const { context: other, home } = heardContext('[notify]\ncommand = ["./tell.sh"]\n');
  expect(check(other, undefined)).rejects.toMatchObject({
    message: `${home}/skep.toml:2: notify.command tells nobody of alerts: ${home}/tell.sh is not there, or may not be executed`,
  });
});
test("as JSON it says what there is of each, and what each swarm takes", async () => {
  const { context, lines } = heardContext("", { json: true });
  await check(context, undefined);
  expect(JSON.parse(lines[0]!)).toMatchObject({ room: expect.any(Object) });
  expect(JSON.parse(lines[0]!).swarms.length).toBeGreaterThanOrEqual(3);
});
test("a database that is damaged is told of, and one that is whole is left as it is", async () => {
  const { context, home, said } = heardContext("");
  const path = join(home, "bus.db");
  const app = await openApp(home, defaults);
  await app.close();
  await check(context, undefined);
  expect(said).toHaveLength(1);
  rmSync(`${path}-wal`, { force: true });
  rmSync(`${path}-shm`, { force: true });
  writeFileSync(path, "no database at all ".repeat(500));
  const before = readFileSync(path);
  const fault = await check(context, undefined).then(
    () => undefined,
    (error) => error,
  );
  expect(fault.message).toBe(
    `database: ${path} is damaged or not a SQLite database (SQLITE_NOTADB)`,
  );
  expect(readFileSync(path)).toEqual(before);
});
test("a home in which nothing can be written is told of, for root too", async () => {
  for (const home of ["/proc/skep", "/sys/skep"]) {
    const { context } = heardContext("");
    const fault = await check({ ...context, home: async () => home }, undefined).then(
      () => undefined,
      (error) => error,
    );
    expect(fault.message).toMatch(
      new RegExp(`^${home} cannot be created or written \\(E[A-Z]+\\)$`),
    );
  }
});
test("a variable that agents are to get and that is not set is told of", async () => {
  const { context, said, home } = heardContext("");
  const file = join(home, "swarm.json");
  const env = ["PATH", "LC_ALL", "SKEP_TEST_NOT_SET"];
  writeFileSync(file, swarm({ a: { command: ["sleep", "1"], count: 3, env } }));
  await check(context, file);
  expect(said[0]).toBe(
    "skep: agents.a.env names SKEP_TEST_NOT_SET, which is not set here: no agent will have it",
  );
  expect(said).toHaveLength(2);
});

const rule = (name: string, metric: string, more = "") =>
  `[alerts.rules.${name}]\nmetric = "${metric}"\nabove = 1\n${more}\n`;

test("rules that look at what nobody has recorded are told of, with the name that was probably meant", async () => {
  const rules =
    rule("typo", "build.tiem") +
    rule("fine", "build.time", 'unit = "ms"') +
    rule("seconds", "build.time", 'unit = "s"') +
    rule("off", "nothing", "enabled = false") +
    rule("own", "agent.ends", 'of = "count"') +
    rule("read", "inbox.oldest");
  const { context, home, said } = heardContext(rules);
  await check(context, undefined);
  expect(said.filter((text) => text.includes("alerts.rules"))).toEqual([
    "skep: alerts.rules.typo looks at build.tiem, and nothing was recorded under that name so far",
    "skep: alerts.rules.fine looks at build.time, and nothing was recorded under that name so far",
    "skep: alerts.rules.seconds looks at build.time, and nothing was recorded under that name so far",
  ]);
  // It looks at the home that there would be, and makes none.
  expect(readdirSync(home)).toEqual(["skep.toml"]);
  const app = await openApp(home, defaults);
  const point = { name: "build.time", value: 1, unit: "ms", agent: null, tags: {} };
  await (await app.vitals()).write((tx) => recordPoints(tx, [point]));
  await app.close();
  said.length = 0;
  await check(context, undefined);
  expect(said.filter((text) => text.includes("alerts.rules"))).toEqual([
    "skep: alerts.rules.typo looks at build.tiem, and nothing was recorded under that name so far. Did you mean build.time?",
    "skep: alerts.rules.seconds looks at build.time in s, and it was recorded in ms only",
  ]);
});
test("headers are told to be none without what they say, and none is taken that a request is made of", async () => {
  for (const header of [
    "hidden",
    "x: hidd\u0007en",
    "content-length: 5",
    " x: hidden",
    "x y: hidden",
    ": x",
  ]) {
    const { context, home } = heardContext(
      `[export]\notlp_headers = [${JSON.stringify(header)}]\n`,
    );
    const fault = await check(context, undefined).catch((error) => error);
    expect(fault.message.replaceAll(`${home}/`, "")).toBe(
      "skep.toml:2: export.otlp_headers.0 is no list of headers",
    );
  }
});
