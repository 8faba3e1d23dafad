// docs/configuration.md is what bin/write-docs.ts makes of the settings that are declared.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { configurationPage } from "../../bin/write-docs.ts";
import { tempDir } from "../helpers/temp-dir.ts";

const root = join(import.meta.dir, "..", "..");

test("the page about configuration says what the source declares (bun bin/write-docs.ts)", () => {
  const written = join(tempDir(), "configuration.md");
  writeFileSync(written, `${configurationPage()}\n`);
  Bun.spawnSync([process.execPath, "fmt", written]);
  const page = readFileSync(join(root, "docs", "configuration.md"), "utf8");
  expect(page).toBe(readFileSync(written, "utf8"));
});
