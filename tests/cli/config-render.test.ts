import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { parse, parseAllDocuments } from "yaml";
import { check } from "../../src/cli/config-check.ts";
import { render, renderings } from "../../src/cli/config-render.ts";
import { readEnvFile } from "../../src/config/env-file.ts";
import { type Heard, heardContext } from "../helpers/heard-context.ts";

const some = { a: { command: ["sleep", "1"], count: 3 } };
const one = { agents: undefined, replicas: undefined };

/** A context with a swarm file in its home, which is the answer's `file`. */
function withSwarm(
  settings: string,
  agents: object = some,
  json = false,
  name = "The_Census",
): Heard & { file: string } {
  const heard = heardContext(settings, { json });
  const file = join(heard.home, "swarm.json");
  writeFileSync(file, JSON.stringify({ name, agents }));
  return { ...heard, file };
}

test("every file there is can be rendered, and has what was chosen", async () => {
  for (const name of Object.keys(renderings)) {
    const { context, lines, file } = withSwarm('[bus]\nlease = "30s"\n');
    await render(context, name, { ...one, file });
    expect([name, lines.some((line) => /BUS_LEASE.*30s/.test(line))]).toEqual([name, true]);
  }
});
test("a list is written so that it is read again, and of an address only the name of its variable is there", async () => {
  const settings =
    '[notify]\ncommand = ["./tell", "it\'s #1", "a b"]\nwebhook = "http://localhost/hidden"\n' +
    '[export]\notlp_headers = ["x-api-key: hidden"]\n';
  for (const name of Object.keys(renderings)) {
    const { context, lines, file } = withSwarm(settings);
    await render(context, name, { ...one, file });
    expect([name, lines.join("\n").includes("hidden")]).toEqual([name, false]);
    const names = ["env", "compose", "k8s", "systemd"].includes(name);
    for (const variable of names ? ["SKEP_NOTIFY_WEBHOOK", "SKEP_EXPORT_OTLP_HEADERS"] : [])
      expect(lines.join("\n")).toContain(variable);
  }
  const { context, lines, home, file } = withSwarm(settings);
  await render(context, "env", { ...one, file });
  const path = join(home, "deploy.env");
  writeFileSync(path, lines.join("\n"));
  const { variables } = readEnvFile(path);
  expect(JSON.parse(variables["SKEP_NOTIFY_COMMAND"]!)).toEqual(["./tell", "it's #1", "a b"]);
  expect(variables["SKEP_NOTIFY_WEBHOOK"]).toBeUndefined();
});
test("it is for the agents of the swarm file under its name, or for as many as are said", async () => {
  const headOf = async (settings: string, agents?: number) => {
    const { context, lines, file } = withSwarm(settings);
    await render(context, "compose", { ...one, agents, file });
    return lines[0]!;
  };
  expect(await headOf("")).toStartWith("# the-census, 3 agents: ");
  expect(await headOf('profile = "prod"\n')).toStartWith("# the-census, 3 agents: ");
  expect(await headOf('profile = "prod"\n', 7)).toStartWith("# the-census, 7 agents: ");
});
test.each([
  ["3d-render", "swarm-3d-render"],
  ["7", "swarm-7"],
  [`${"a".repeat(39)}_b`, "a".repeat(39)],
])(
  "what is called %s is %s, which every part of a deployment may be called",
  async (name, called) => {
    const { context, lines, file } = withSwarm("", some, false, name);
    await render(context, "k8s", { ...one, file });
    const [, service, set] = parseAllDocuments(lines.join("\n")).map((each) => each.toJS());
    expect([service.metadata.name, set.spec.serviceName]).toEqual([called, called]);
  },
);
test("what it asks for is what skep config check reckons", async () => {
  const settings = "[bus]\ninbox_bytes = 8388608\n\n[agents]\nlog_bytes_max = 1000000\n";
  const agents = {
    a: { runner: "exec", command: ["cat"], count: 40, pool: 2, limits: { bytes: 30_000_000 } },
    b: { runner: "stream", command: ["cat"], count: 5 },
  };
  const { context, lines, file } = withSwarm(settings, agents, true);
  await check(context, file);
  const [{ memory_bytes, tasks, files, disk_bytes }] = JSON.parse(lines.pop()!).swarms;
  expect(disk_bytes).toBe(40 * 30_000_000 + 5 * 8_388_608 + 45 * 2 * 1_000_000);

  await render(context, "k8s", { ...one, file });
  const [, , set] = parseAllDocuments(lines.splice(0).join("\n")).map((each) => each.toJS());
  const { storage } = set.spec.volumeClaimTemplates[0].spec.resources.requests;
  expect(storage).toBe(`${Math.ceil(disk_bytes / 2 ** 30)}Gi`);
  const memory = Number.parseInt(set.spec.template.spec.containers[0].resources.limits.memory, 10);
  expect(memory * 2 ** 20).toBeGreaterThanOrEqual(2 * memory_bytes);
  expect(memory * 2 ** 20 - 64 * 2 ** 20).toBeLessThan(2 * memory_bytes + 15 * 8e6);

  await render(context, "compose", { ...one, file });
  expect(parse(lines.splice(0).join("\n")).services["the-census"]).toMatchObject({
    mem_limit: `${memory}m`,
    pids_limit: 2 * tasks,
    ulimits: { nofile: { soft: 2 * files } },
  });
  await render(context, "systemd", { ...one, file });
  expect(lines).toContain(`MemoryMax=${memory}M`);
  expect(lines).toContain(`TasksMax=${2 * tasks}`);
  expect(lines).toContain(`LimitNOFILE=${2 * files}`);
});
test("a file that would start a swarm wants one that is there and right; the others do without, and say so", async () => {
  for (const name of Object.keys(renderings)) {
    const { context, lines, said } = heardContext("");
    const rendering = render(context, name, one);
    if (["env", "devcontainer"].includes(name)) {
      await rendering;
      expect([name, ...said]).toEqual([
        name,
        "skep: there is no skep.swarm.toml here: what its agents are passed on is not named",
      ]);
      expect(lines.length).toBeGreaterThan(3);
    } else {
      expect(rendering).rejects.toMatchObject({
        code: "E_CONFIG",
        message: "there is no file skep.swarm.toml",
      });
      await rendering.catch(() => {});
      expect(lines).toEqual([]);
    }
    const wrong = withSwarm("", { a: { command: ["sleep", "1"], cuont: 3 } });
    const invalid = render(wrong.context, name, { ...one, file: wrong.file });
    expect(invalid).rejects.toMatchObject({ code: "E_CONFIG" });
    await invalid.catch(() => {});
    expect([name, wrong.lines]).toEqual([name, []]);
  }
});
test("what does not fit is not rendered", async () => {
  const { context } = heardContext('[bus]\nlease = "never"\n');
  expect(render(context, "docker", one)).rejects.toMatchObject({ code: "E_CONFIG" });
  expect(render(context, "helm", one)).rejects.toThrow('there is no file "helm"');
  expect(render(context, undefined, one)).rejects.toThrow("render what?");
  expect(render(context, "compose", { ...one, replicas: 2 })).rejects.toThrow(
    "--replicas goes with k8s, and not with compose",
  );
});
