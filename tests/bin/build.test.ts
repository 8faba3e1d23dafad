// The executable as `npm run build` makes it.
import { existsSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, setDefaultTimeout, test } from "bun:test";
import { buildIfStale, executablePath } from "../../bin/build.ts";
import { tempDir } from "../helpers/temp-dir.ts";

// Processes start slowly on a busy machine.
setDefaultTimeout(240_000);

test("the executable is built again only when a source is newer than it, by one of those who would", async () => {
  // Not where it lies: other tests use that one meanwhile.
  const directory = tempDir();
  const executable = join(directory, "skep");
  const both = await Promise.all([buildIfStale(directory), buildIfStale(directory)]);
  expect(both.toSorted()).toEqual([false, true]);
  expect(await buildIfStale(directory)).toBe(false);
  utimesSync(executable, 0, 0);
  expect(await buildIfStale(directory)).toBe(true);
  expect(statSync(executable).mode & 0o111).toBe(0o111);
});

test("the executable heeds neither the .env nor the bunfig.toml of the directory it is called in", async () => {
  await buildIfStale();
  const directory = tempDir();
  writeFileSync(
    join(directory, "intruder.ts"),
    'require("node:fs").writeFileSync("intruded", "");',
  );
  writeFileSync(join(directory, "bunfig.toml"), 'preload = ["./intruder.ts"]');
  writeFileSync(join(directory, ".env"), `SKEP_HOME=${join(directory, "misled")}`);
  const { exitCode } = Bun.spawnSync([executablePath, "inboxes"], { cwd: directory, env: {} });
  // There is no home here, and an implied one is not created by looking.
  expect(exitCode).toBe(3);
  expect(existsSync(join(directory, "misled"))).toBe(false);
  expect(existsSync(join(directory, "intruded"))).toBe(false);
});
