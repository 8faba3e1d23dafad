// A devcontainer: the image of the Dockerfile, with an editor in it.
import {
  type Deployment,
  containerUser,
  cores,
  inContainer,
  memoryMiB,
  variablesOf,
} from "./deployment.ts";

/** The text of a `devcontainer.json`, beside the Dockerfile of `skep config render docker`. */
export function devcontainer(deployment: Deployment): string {
  const { name, cost } = deployment;
  const { home } = inContainer;
  return `${JSON.stringify(
    {
      name,
      build: { dockerfile: "Dockerfile", context: "." },
      // The editor starts the container; somebody at a terminal starts the swarm.
      overrideCommand: true,
      remoteUser: String(containerUser),
      containerEnv: variablesOf(deployment, home),
      mounts: [{ source: `${name}-home`, target: home, type: "volume" }],
      runArgs: [
        `--memory=${memoryMiB(deployment)}m`,
        `--pids-limit=${cost.tasks * 2}`,
        `--ulimit=nofile=${cost.files * 2}`,
      ],
      hostRequirements: { cpus: cores(deployment), memory: `${memoryMiB(deployment)}mb` },
      postStartCommand: "skep doctor",
    },
    null,
    2,
  )}\n`;
}
