import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { systemdUnit } from "../../../src/export/deploy/systemd.ts";
import { lacks } from "../../helpers/programs.ts";
import { tempDir } from "../../helpers/temp-dir.ts";
import { example, keyless } from "./example.ts";

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
    const gone = { ...example, here: { ...example.here, skep: ["/nowhere/skep"] } };
    expect(verify(systemdUnit(gone))).not.toEqual([]);
  },
);
test("paths and values with spaces, percent signs and dollars stay what they are", () => {
  const here = { ...example.here, file: "/home/a b/50%/$HOME/x.toml" };
  const lines = systemdUnit({ ...example, here }).split("\n");
  expect(lines).toContain(`ExecStart=${process.execPath} up "/home/a b/50%%/$$HOME/x.toml"`);
  expect(lines).toContain("Environment=SKEP_BUS_LEASE=30s");
  // A variable begins in what a program is given, and nowhere else.
  const chosen = { variable: "SKEP_X", value: "50% of $HOME", remark: "", chosen: true };
  const more = systemdUnit({
    ...example,
    settings: [chosen],
    here: {
      ...here,
      skep: ["/opt/$x/node", "/opt/$x/skep.mjs"],
      home: "/home/$x",
      searchPath: "/usr/bin:/opt/$x",
    },
  }).split("\n");
  expect(more).toContain(
    'ExecStart=/opt/$x/node /opt/$$x/skep.mjs up "/home/a b/50%%/$$HOME/x.toml"',
  );
  expect(more).toContain('Environment="SKEP_X=50%% of $HOME"');
  expect(more).toContain("Environment=SKEP_HOME=/home/$x");
  expect(more).toContain("Environment=PATH=/usr/bin:/opt/$x");
  expect(lines).toContain("TimeoutStopSec=32s");
});
test("it has limits for memory, cores, processes and files, and finds the programs that a terminal finds", () => {
  const lines = systemdUnit(example).split("\n");
  expect(lines).toContain("Environment=PATH=/usr/bin:/bin");
  for (const line of ["MemoryMax=1472M", "CPUQuota=100%", "TasksMax=864", "LimitNOFILE=928"])
    expect(lines).toContain(line);
});
test("the keys of its agents stand in a file of their own, that is named only where there are any", () => {
  const lines = systemdUnit(example).split("\n");
  const at = lines.indexOf("EnvironmentFile=%h/.config/skep/census.env");
  expect(lines[at - 1]).toEndWith("a line NAME=value each: API_TOKEN HTTPS_PROXY");
  expect(systemdUnit(keyless)).not.toContain("EnvironmentFile");
});
