// `skep config render`: what it prints is made of what is configured, and can be used.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, setDefaultTimeout, test } from "bun:test";
import { run } from "../agents/swarm-place.ts";
import { skepExecutable } from "../helpers/executable.ts";
import { tempDir } from "../helpers/temp-dir.ts";

setDefaultTimeout(240_000);

const swarm = `name = "census"

[agents.counter]
command = ["sleep", "60"]
count = 500
env = ["PATH", "API_TOKEN", { KIND = "plain-value" }]
`;

async function render(words: string[], env: Record<string, string> = {}, file = swarm) {
  const directory = join(tempDir(), "My Swarm (2)");
  mkdirSync(directory);
  mkdirSync(join(directory, ".skep"), { mode: 0o700 });
  writeFileSync(join(directory, ".skep", "skep.toml"), '[bus]\nlease = "30s"\n');
  const swarmFile = join(directory, "skep.swarm.toml");
  if (file !== "") writeFileSync(swarmFile, file);
  const command = [await skepExecutable(), "config", "render", ...words];
  return { directory, ...(await run(command, directory, env).ended) };
}

test("what was chosen in a file or a variable is in it, and a profile stands for itself", async () => {
  const { status, stdout } = await render(["compose"], { SKEP_PROFILE: "prod" });
  expect(status).toBe(0);
  expect(stdout).toMatch(/^# census, 500 agents: written by skep /);
  expect(stdout).toContain("      SKEP_BUS_LEASE: 30s\n");
  expect(stdout).toContain("      SKEP_PROFILE: prod\n");
  expect(stdout).not.toContain("SKEP_BUS_INBOX_CAP");
});
test("what the swarm file names is in each file by its name, and a value of nothing is in any", async () => {
  const env = { API_TOKEN: "s3cret-value", OTHER_TOKEN: "other-value" };
  for (const kind of ["docker", "compose", "k8s", "systemd", "env", "devcontainer"]) {
    const { status, stdout, stderr } = await render([kind], env);
    expect([kind, status, stderr]).toEqual([kind, 0, ""]);
    expect([kind, stdout.includes("API_TOKEN")]).toEqual([kind, true]);
    expect(stdout).not.toMatch(/s3cret-value|OTHER_TOKEN|other-value|KIND|plain-value/);
  }
});
test("where there is no swarm file, what would start one is refused, and an .env is named after the directory", async () => {
  const refused = await render(["systemd"], {}, "");
  expect([refused.status, refused.stdout]).toEqual([2, ""]);
  expect(refused.stderr).toContain("there is no file skep.swarm.toml");
  const { status, stdout, stderr } = await render(["env"], {}, "");
  expect([status, stdout.split(":")[0]]).toEqual([0, "# my-swarm-2"]);
  expect(stderr).toContain("there is no skep.swarm.toml here");
});
test("an example of an .env is one that can be read again", async () => {
  const { stdout } = await render(["env"]);
  const directory = tempDir();
  writeFileSync(join(directory, ".env"), stdout);
  const command = [await skepExecutable(), "--env-file", ".env", "config", "show", "--json"];
  const shown = await run(command, directory, {}).ended;
  expect(shown.status).toBe(0);
  const lines = shown.stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(lines.find(({ setting }) => setting === "bus.lease")).toMatchObject({ value: "30s" });
});
test("a unit names this very executable, file and home", async () => {
  const { directory, stdout } = await render(["systemd"]);
  const skep = await skepExecutable();
  expect(stdout).toContain(`ExecStart=${skep} up "${join(directory, "skep.swarm.toml")}"\n`);
  expect(stdout).toContain(`Environment="SKEP_HOME=${join(directory, ".skep")}"\n`);
});
test.each([
  [["k8s", "--replicas", "2"], "2 replicas would be 2 swarms"],
  [["helm"], 'there is no file "helm"'],
  [[], "render what?"],
  [["k8s", "other.toml"], "there is no file other.toml"],
])("skep config render %j is refused", async (words, why) => {
  const { status, stdout, stderr } = await render(words);
  expect([status, stdout]).toEqual([2, ""]);
  expect(stderr).toContain(why);
});
