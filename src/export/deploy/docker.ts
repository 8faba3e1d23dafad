// A Dockerfile: the executable and a swarm file on a plain system, under a user who is not root.
import { type Deployment, containerUser, inContainer, variablesOf } from "./deployment.ts";

/** The text of a Dockerfile that is built where the executable `skep` and `skep.swarm.toml` lie. */
export function dockerfile(deployment: Deployment): string {
  const { name, version } = deployment;
  const { skep, directory, file, home } = inContainer;
  const variables = Object.entries(variablesOf(deployment, home));
  return `# ${name}: written by skep ${version}. Build it where the executable skep and skep.swarm.toml lie:
#   docker build -t ${name} .
# Agents whose programs need no shell can do with gcr.io/distroless/base-debian12.
FROM debian:12-slim

RUN useradd --uid ${containerUser} --user-group --create-home --home-dir /home/skep skep \\
 && install -d -o skep -g skep -m 0700 ${home}
COPY --chmod=0755 skep ${skep}
COPY --chmod=0644 skep.swarm.toml ${file}

${variables.map(([key, value]) => `ENV ${key}=${JSON.stringify(value)}`).join("\n")}
USER ${containerUser}:${containerUser}
WORKDIR ${directory}
VOLUME ${home}
# The home is a directory of one machine: one container at a time, on a local volume.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 CMD ["skep", "health", "--quiet"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["skep"]
CMD ["up", "${file}"]
`;
}
