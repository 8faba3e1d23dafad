// A compose file: one service with its limits, its volume and its health check.
import { stringify } from "yaml";
import {
  type Deployment,
  containerUser,
  cores,
  inContainer,
  memoryMiB,
  stopSeconds,
  variablesOf,
} from "./deployment.ts";

/** The text of a compose file, beside the Dockerfile of `skep config render docker`. */
export function compose(deployment: Deployment): string {
  const { name, version, cost } = deployment;
  const { home } = inContainer;
  const service = {
    build: ".",
    image: `${name}:latest`,
    restart: "unless-stopped",
    environment: variablesOf(deployment, home),
    volumes: [`home:${home}`],
    user: `${containerUser}:${containerUser}`,
    read_only: true,
    tmpfs: ["/tmp"],
    cap_drop: ["ALL"],
    security_opt: ["no-new-privileges:true"],
    mem_limit: `${memoryMiB(deployment)}m`,
    cpus: cores(deployment),
    pids_limit: cost.tasks * 2,
    ulimits: { nofile: { soft: cost.files * 2, hard: cost.files * 2 } },
    stop_signal: "SIGTERM",
    stop_grace_period: `${stopSeconds(deployment)}s`,
    healthcheck: {
      test: ["CMD", "skep", "health", "--quiet"],
      interval: "30s",
      timeout: "5s",
      start_period: "60s",
      retries: 3,
    },
  };
  const remark = `# ${name}, ${deployment.agents} agents: written by skep ${version}. Docker has to build the image first:
#   skep config render docker > Dockerfile
`;
  // The old docker-compose wants a version, the new one does not mind.
  return (
    remark + stringify({ version: "2.4", services: { [name]: service }, volumes: { home: {} } })
  );
}
