import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { systemdUnit } from "../../../src/export/deploy/systemd.ts";
import { lacks } from "../../helpers/programs.ts";
import { tempDir } from "../../helpers/temp-dir.ts";
import { example } from "./example.ts";

function verify(unit: string) {
  const directory = tempDir();
  const path = join(directory, "census.service");
  writeFileSync(path, unit);
  const { PATH = "" } = process.env;
  const env = { PATH, HOME: directory, XDG_RUNTIME_DIR: directory };
  const { stdout, stderr } = Bun.spawnSync(["systemd-analyze", "verify", "--user", path], { env });
  // It looks at all units of the system, and complains of others than ours as well.
  return `${stdout}${stderr}`.split("\n").filter((line) => line.includes("census"));
}

test.skipIf(lacks("systemd-analyze"))(
  "systemd finds nothing wrong with it, and would find what was (wants systemd-analyze)",
  () => {
    expect(verify(systemdUnit(example))).toEqual([]);
    expect(verify(systemdUnit(example).replace("LimitNOFILE=", "LimitFiles="))).toHaveLength(1);
    const gone = { ...example, here: { ...example.here, skep: "/nowhere/skep" } };
    expect(verify(systemdUnit(gone))).not.toEqual([]);
  },
);
test("paths and values with spaces, percent signs and dollars stay what they are", () => {
  const here = { ...example.here, file: "/home/a b/50%/$HOME/x.toml" };
  const lines = systemdUnit({ ...example, here }).split("\n");
  expect(lines).toContain(`ExecStart=${process.execPath} up "/home/a b/50%%/$$HOME/x.toml"`);
  expect(lines).toContain("Environment=SKEP_BUS_LEASE=30s");
  expect(lines).toContain("TimeoutStopSec=32s");
});
