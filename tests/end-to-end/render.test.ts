// `skep config render`: what it prints is made of what is configured, and can be used.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, setDefaultTimeout, test } from "bun:test";
import { run } from "../agents/swarm-place.ts";
import { skepExecutable } from "../helpers/executable.ts";
import { tempDir } from "../helpers/temp-dir.ts";

setDefaultTimeout(60_000);

async function render(words: string[], env: Record<string, string> = {}) {
  const directory = join(tempDir(), "My Swarm (2)");
  mkdirSync(directory);
  mkdirSync(join(directory, ".skep"), { mode: 0o700 });
  writeFileSync(join(directory, ".skep", "skep.toml"), '[bus]\nlease = "30s"\n');
  const command = [await skepExecutable(), "config", "render", ...words];
  return { directory, ...(await run(command, directory, env).ended) };
}

test("what was chosen in a file or a variable is in it, and a profile stands for itself", async () => {
  const { status, stdout } = await render(["compose"], { SKEP_PROFILE: "prod" });
  expect(status).toBe(0);
  expect(stdout).toMatch(/^# my-swarm-2, 500 agents: written by skep /);
  expect(stdout).toContain("      SKEP_BUS_LEASE: 30s\n");
  expect(stdout).toContain("      SKEP_PROFILE: prod\n");
  expect(stdout).not.toContain("SKEP_BUS_INBOX_CAP");
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
])("skep config render %j is refused", async (words, why) => {
  const { status, stdout, stderr } = await render(words);
  expect([status, stdout]).toEqual([2, ""]);
  expect(stderr).toContain(why);
});
