// A deployment to render: one setting that somebody chose, and one that nobody did.
import type { Deployment } from "../../../src/export/deploy/deployment.ts";

export const example: Deployment = {
  name: "census",
  version: "1.2.3",
  agents: 100,
  cost: { files: 464, tasks: 432, megabytes: 750 },
  downMs: 27_000,
  settings: [
    { variable: "SKEP_BUS_LEASE", value: "30s", remark: "How long. 10ms to 7d", chosen: true },
    { variable: "SKEP_BUS_INBOX_CAP", value: "1000", remark: "How many. 1 to 9", chosen: false },
  ],
  here: {
    skep: process.execPath,
    file: "/home/somebody/census/skep.swarm.toml",
    home: "/home/somebody/census/.skep",
  },
};
