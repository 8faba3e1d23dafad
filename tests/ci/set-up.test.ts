// `.ci/set-up` on machines that have some of the programs; an apt-get that only writes down what it was asked.
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, setDefaultTimeout, test } from "bun:test";
import { tempDir } from "../helpers/temp-dir.ts";

// Processes start slowly on a busy machine.
setDefaultTimeout(240_000);

const programs = [
  "sqlite3",
  "unshare",
  "ps",
  "python3",
  "bindfs",
  "fusermount3",
  "shellcheck",
  "systemd-analyze",
  "docker-compose",
  "promtool",
  // It knows the module of Python that is wanted.
  "dpkg",
];

function setUp(present: readonly string[]) {
  const bin = tempDir();
  const log = join(bin, "log");
  for (const name of present) {
    // `env` starts what follows its settings; as somebody who is not root, `sudo -n` does the same.
    const text = {
      env: 'shift; exec "$@"',
      sudo: 'shift; exec "$@"',
      "apt-get": `echo "$*" >> '${log}'`,
    }[name];
    writeFileSync(join(bin, name), `#!/bin/sh\n${text ?? ""}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  const bash = Bun.which("bash") ?? "/bin/bash";
  const { exitCode, stderr } = Bun.spawnSync([bash, join(import.meta.dir, "../../.ci/set-up")], {
    env: { PATH: bin },
  });
  const asked = existsSync(log) ? readFileSync(log, "utf8").trim().split("\n") : [];
  return { exitCode, stderr: stderr.toString(), asked };
}

test("nothing is done when every program is there", () => {
  expect(setUp([...programs, "apt-get", "env", "sudo"]).asked).toEqual([]);
});

test("only the packages of missing programs are installed", () => {
  const present = programs.filter((name) => name !== "fusermount3" && name !== "ps");
  expect(setUp([...present, "apt-get", "env", "sudo"])).toEqual({
    exitCode: 0,
    stderr: "",
    asked: ["update -qq", "install -y -qq --no-install-recommends procps fuse3"],
  });
});

test("without apt-get the missing packages are named", () => {
  const { exitCode, stderr } = setUp(programs.filter((name) => name !== "sqlite3"));
  expect(exitCode).toBe(1);
  expect(stderr).toContain("install these by hand: sqlite3");
});
