// A devcontainer: the image of the Dockerfile, with an editor in it.
import {
  type Deployment,
  boundsOf,
  containerUser,
  inContainer,
  keyNames,
  variablesOf,
} from "./deployment.ts";

/** The text of a `devcontainer.json`, beside the Dockerfile of `skep config render docker`. */
export function devcontainer(deployment: Deployment): string {
  const { name } = deployment;
  const { home } = inContainer;
  const { memoryMiB, cores, tasks, files } = boundsOf(deployment);
  // The editor puts in what the machine has that it runs on.
  const passedOn = keyNames(deployment).map((key) => [key, `\${localEnv:${key}}`]);
  return `${JSON.stringify(
    {
      name,
      build: { dockerfile: "Dockerfile", context: "." },
      // The editor starts the container; somebody at a terminal starts the swarm.
      overrideCommand: true,
      remoteUser: String(containerUser),
      containerEnv: variablesOf(deployment, home),
      ...(passedOn.length > 0 && { remoteEnv: Object.fromEntries(passedOn) }),
      mounts: [{ source: `${name}-home`, target: home, type: "volume" }],
      runArgs: [`--memory=${memoryMiB}m`, `--pids-limit=${tasks}`, `--ulimit=nofile=${files}`],
      hostRequirements: { cpus: cores, memory: `${memoryMiB}mb` },
      postStartCommand: "skep doctor",
    },
    null,
    2,
  )}\n`;
}
