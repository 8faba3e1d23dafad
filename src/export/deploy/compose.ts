// A compose file: one service with its limits, its volume and its health check.
import { stringify } from "yaml";
import {
  type Deployment,
  boundsOf,
  containerUser,
  inContainer,
  keyNames,
  stopSeconds,
  variablesOf,
} from "./deployment.ts";

/** The text of a compose file, beside the Dockerfile of `skep config render docker`. */
export function compose(deployment: Deployment): string {
  const { name, version } = deployment;
  const { home } = inContainer;
  const { memoryMiB, cores, tasks, files } = boundsOf(deployment);
  const keys = keyNames(deployment);
  const service = {
    build: ".",
    image: `${name}:latest`,
    restart: "unless-stopped",
    // A variable with no value is passed on from where docker-compose is called.
    environment: {
      ...plain(variablesOf(deployment, home)),
      ...Object.fromEntries(keys.map((key) => [key, null])),
    },
    volumes: [`home:${home}`],
    user: `${containerUser}:${containerUser}`,
    read_only: true,
    tmpfs: ["/tmp"],
    cap_drop: ["ALL"],
    security_opt: ["no-new-privileges:true"],
    mem_limit: `${memoryMiB}m`,
    cpus: cores,
    pids_limit: tasks,
    ulimits: { nofile: { soft: files, hard: files } },
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
${keys.length === 0 ? "" : `# Their values are those of the environment, or the .env, of whoever calls docker-compose: ${keys.join(" ")}\n`}`;
  // The old docker-compose wants a version, the new one does not mind.
  return (
    remark +
    stringify(
      { version: "2.4", services: { [name]: service }, volumes: { home: {} } },
      { nullStr: "" },
    )
  );
}

/** The same, where $X stands for a variable of whoever calls docker-compose. */
function plain(variables: Record<string, string>): Record<string, string> {
  const entries = Object.entries(variables);
  return Object.fromEntries(entries.map(([key, value]) => [key, value.replaceAll("$", "$$$$")]));
}
