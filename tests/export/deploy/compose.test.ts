import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, setDefaultTimeout, test } from "bun:test";
import { parse } from "yaml";
import { compose } from "../../../src/export/deploy/compose.ts";
import type { Deployment } from "../../../src/export/deploy/deployment.ts";
import { lacks } from "../../helpers/programs.ts";
import { tempDir } from "../../helpers/temp-dir.ts";

import { example, keyless } from "./example.ts";

setDefaultTimeout(240_000);

function configOf(text: string, keys: Record<string, string> = {}) {
  const directory = tempDir();
  writeFileSync(join(directory, "docker-compose.yml"), text);
  writeFileSync(join(directory, "Dockerfile"), "FROM scratch\n");
  const { PATH = "" } = process.env;
  return Bun.spawnSync(["docker-compose", "config"], {
    cwd: directory,
    env: { PATH, HOME: directory, ...keys },
  });
}

test.skipIf(lacks("docker-compose"))(
  "docker-compose takes it, and sees the same in it (wants docker-compose)",
  () => {
    const { exitCode, stdout, stderr } = configOf(compose(example));
    expect(stderr.toString()).toBe("");
    expect(exitCode).toBe(0);
    expect(parse(stdout.toString()).services.census).toMatchObject({
      environment: { SKEP_BUS_LEASE: "30s", SKEP_HOME: "/home/skep/state" },
      mem_limit: "1472m",
      stop_grace_period: "32s",
      user: "10001:10001",
      read_only: true,
    });
    // What is wrong with one would be seen.
    const wrong = compose(example).replace("mem_limit", "mem_limits");
    expect(configOf(wrong).exitCode).not.toBe(0);
  },
);
test.skipIf(lacks("docker-compose"))(
  "the keys of its agents come from whoever calls docker-compose (wants docker-compose)",
  () => {
    const { stdout } = configOf(compose(example), { API_TOKEN: "s3cret", OTHER: "x" });
    const { environment } = parse(stdout.toString()).services.census;
    expect(environment).toMatchObject({ API_TOKEN: "s3cret", HTTPS_PROXY: null });
    expect(Object.keys(environment)).not.toContain("OTHER");
  },
);
const costly: Deployment = {
  ...example,
  settings: [{ variable: "SKEP_X", value: "5$ for ${PATH}", remark: "", chosen: true }],
};

test("a dollar in a value is doubled, as docker-compose has it", () => {
  const { environment } = parse(compose(costly)).services.census;
  expect(environment.SKEP_X).toBe("5$$ for $${PATH}");
});
test.skipIf(lacks("docker-compose"))(
  "so docker-compose puts in no variable of its caller's (wants docker-compose)",
  () => {
    const { stdout, stderr } = configOf(compose(costly));
    expect(stderr.toString()).toBe("");
    // It writes them as it reads them.
    expect(parse(stdout.toString()).services.census.environment.SKEP_X).toBe("5$$ for $${PATH}");
  },
);
test("exactly the keys of its agents are named, and none has a value", () => {
  const text = compose(example);
  expect(text).toContain("\n      API_TOKEN:\n      HTTPS_PROXY:\n    volumes:");
  expect(Object.keys(parse(compose(keyless)).services.census.environment)).toEqual([
    "SKEP_HOME",
    "SKEP_BUS_LEASE",
  ]);
});
test("it has limits for memory, cores, processes and files", () => {
  expect(parse(compose(example)).services.census).toMatchObject({
    cpus: 1,
    pids_limit: 864,
    ulimits: { nofile: { soft: 928, hard: 928 } },
    healthcheck: { test: ["CMD", "skep", "health", "--quiet"] },
  });
});
