import { expect, test } from "bun:test";
import { explain } from "../../src/cli/config-explain.ts";
import { show } from "../../src/cli/config-show.ts";
import { heardContext } from "../helpers/heard-context.ts";

test("each setting has a line with its value and where that is from", async () => {
  const { context, lines, said, home } = heardContext('[bus]\nlease = "30s"\n', {
    flags: ["bus.inbox_cap=7"],
  });
  await show(context);
  expect(said).toEqual([`the home is ${home}`]);
  const line = (key: string) => lines.find((one) => one.startsWith(`${key} `))?.split(/ {2,}/);
  expect(line("bus.lease")).toEqual(["bus.lease", "30s", `${home}/skep.toml:2`]);
  expect(line("bus.inbox_cap")![1]).toBe("7");
  expect(line("store.durability")!.slice(1)).toEqual(["process", "default"]);
});
test("as JSON a setting is an object that says the same", async () => {
  const { context, lines } = heardContext('[bus]\nlease = "30s"\n', { json: true });
  await show(context);
  const found = lines.map((one) => JSON.parse(one)).find((one) => one.setting === "bus.lease");
  expect(found).toMatchObject({ value: "30s", source: "file", line: 2 });
});
test("of an address what stands behind its host is not shown, however it is asked for", async () => {
  const settings = '[notify]\nwebhook = "http://me:hidden@localhost:9/hidden?hidden"\n';
  const shown = "http://localhost:9/(secret)";
  const { context, lines } = heardContext(settings);
  await show(context);
  await explain(context, undefined);
  await explain(context, "notify.webhook");
  expect(lines.join("\n").split(shown)).toHaveLength(4);
  const { context: json, lines: objects } = heardContext(settings, { json: true });
  await show(json);
  await explain(json, "notify.webhook");
  expect(objects.join("\n").split(JSON.stringify(shown))).toHaveLength(3);
  expect([...lines, ...objects].join("\n")).not.toContain("hidden");
});
test("mistakes are told, all of them, and nothing else", async () => {
  const { context, lines } = heardContext('[bus]\nlease = "never"\ninbox_cap = 0\n');
  expect(show(context)).rejects.toMatchObject({ code: "E_CONFIG" });
  expect(lines).toEqual([]);
});

const rules = `[alerts.rules.slow]
metric = "build.time"
above = 5
[alerts.rules.log-size]
enabled = false
`;

test("rules of one's own have a line too, and what is switched off", async () => {
  const { context, lines, home } = heardContext(rules);
  await show(context);
  expect(lines.slice(-2).map((line) => line.split(/ {2,}/))).toEqual([
    ["alerts.rules.slow", "last of build.time in 5m above 5", `${home}/skep.toml:1`],
    ["alerts.rules.log-size", "switched off", `${home}/skep.toml:4`],
  ]);
  const json = heardContext(rules, { json: true });
  await show(json.context);
  expect(JSON.parse(json.lines.at(-2)!)).toEqual({
    setting: "alerts.rules.slow",
    value: "last of build.time in 5m above 5",
    source: "file",
    name: null,
    file: `${json.home}/skep.toml`,
    line: 1,
  });
});
test("of headers what they say is not shown, however it is asked for", async () => {
  const settings =
    '[export]\notlp_headers = ["x-api-key: hidden", "authorization:hidden:hidden"]\n';
  const shown = '["x-api-key: (secret)","authorization: (secret)"]';
  const { context, lines } = heardContext(settings);
  await show(context);
  await explain(context, undefined);
  await explain(context, "export.otlp_headers");
  expect(lines.join("\n").split(shown)).toHaveLength(4);
  const { context: json, lines: objects } = heardContext(settings, { json: true });
  await show(json);
  await explain(json, "export.otlp_headers");
  expect(objects.join("\n")).toContain(`"value":${shown}`);
  expect([...lines, ...objects].join("\n")).not.toContain("hidden");
});
