import { expect, test } from "bun:test";
import { devcontainer } from "../../../src/export/deploy/devcontainer.ts";
import { example, keyless } from "./example.ts";

test("it builds the Dockerfile, keeps the home on a volume, and has the limits", () => {
  expect(JSON.parse(devcontainer(example))).toMatchObject({
    name: "census",
    build: { dockerfile: "Dockerfile" },
    remoteUser: "10001",
    containerEnv: { SKEP_HOME: "/home/skep/state", SKEP_BUS_LEASE: "30s" },
    mounts: [{ source: "census-home", target: "/home/skep/state", type: "volume" }],
    remoteEnv: { API_TOKEN: "${localEnv:API_TOKEN}", HTTPS_PROXY: "${localEnv:HTTPS_PROXY}" },
    runArgs: ["--memory=1472m", "--pids-limit=864", "--ulimit=nofile=928"],
  });
  expect(JSON.parse(devcontainer(keyless))).not.toHaveProperty("remoteEnv");
});
