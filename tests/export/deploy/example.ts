// A deployment to render: one setting that somebody chose and one that nobody did, and two keys.
import type { Deployment } from "../../../src/export/deploy/deployment.ts";

export const example: Deployment = {
  name: "census",
  version: "1.2.3",
  agents: 100,
  needs: { memoryBytes: 750e6, programs: 90, tasks: 432, files: 464, diskBytes: 8.2 * 2 ** 30 },
  downMs: 27_000,
  settings: [
    { variable: "SKEP_BUS_LEASE", value: "30s", remark: "How long. 10ms to 7d", chosen: true },
    { variable: "SKEP_BUS_INBOX_CAP", value: "1000", remark: "How many. 1 to 9", chosen: false },
  ],
  keys: [
    { variable: "API_TOKEN", groups: ["counter", "judge"] },
    { variable: "HTTPS_PROXY", groups: ["judge"] },
  ],
  file: "skep.swarm.toml",
  files: ["count.sh", "handlers/a judge.ts"],
  here: {
    skep: [process.execPath],
    file: "/home/somebody/census/skep.swarm.toml",
    home: "/home/somebody/census/.skep",
    searchPath: "/usr/bin:/bin",
  },
};

/** The same swarm, whose agents are passed nothing. */
export const keyless: Deployment = { ...example, keys: [] };
