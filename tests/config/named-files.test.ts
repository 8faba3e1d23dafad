import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { namedFiles } from "../../src/config/named-files.ts";
import { readSwarmFile } from "../../src/config/swarm-file.ts";
import { tempDir } from "../helpers/temp-dir.ts";

async function namedIn(agents: object): Promise<string[]> {
  const directory = tempDir();
  for (const below of ["work", "work/deep"]) mkdirSync(join(directory, below));
  for (const file of ["run.sh", "judge.ts", "probe.sh", "data", "work/inner.sh", "work/deep/x"])
    writeFileSync(join(directory, file), "", { mode: 0o755 });
  const file = join(directory, "swarm.json");
  writeFileSync(file, JSON.stringify({ name: "s", agents }));
  return namedFiles(await readSwarmFile(file));
}

test("modules, programs, words of commands and probes are named, each once", async () => {
  const named = await namedIn({
    a: { command: ["sh", "run.sh", "--data=x", "data"], count: 3 },
    b: { command: ["./run.sh"], live: { command: ["sh", "probe.sh"] } },
    c: { runner: "module", module: "judge.ts" },
  });
  expect(named).toEqual(["data", "judge.ts", "probe.sh", "run.sh"]);
});
test("a directory that agents run in is named, and stands for what is in it", async () => {
  const a = { command: ["sh", "inner.sh", "deep/x", "../data"], cwd: "work" };
  expect(await namedIn({ a })).toEqual(["data", "work"]);
});
test("programs of the system and what lies elsewhere are not", async () => {
  const a = { command: ["/bin/sh", "-c", "data-less", "/etc/hostname", "..", "nowhere", ""] };
  expect(await namedIn({ a, data: { command: ["data"] } })).toEqual([]);
});
