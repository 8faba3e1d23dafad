// A Dockerfile: the executable and a swarm file on a plain system, under a user who is not root.
import {
  type Deployment,
  containerUser,
  fileInContainer,
  inContainer,
  keyNames,
  stopSeconds,
  variablesOf,
} from "./deployment.ts";

/** The text of a Dockerfile that is built where the executable `skep` and the swarm file lie. */
export function dockerfile(deployment: Deployment): string {
  const { name, version, file, files } = deployment;
  const { skep, directory, home } = inContainer;
  const variables = Object.entries(variablesOf(deployment, home));
  const passed = keyNames(deployment).map((key) => ` -e ${key}`);
  return `# ${name}: written by skep ${version}. Build it where the executable skep and ${file} lie:
#   docker build -t ${name} . && docker run -d --stop-timeout ${stopSeconds(deployment)} -v ${name}-home:${home}${passed.join("")} ${name}
# Agents whose programs need no shell can do with gcr.io/distroless/base-debian12.
FROM debian:12-slim

RUN useradd --uid ${containerUser} --user-group --create-home --home-dir /home/skep skep \\
 && install -d -o skep -g skep -m 0700 ${home}
COPY --chmod=0755 skep ${skep}
${[file, ...files].map(copied).join("\n")}
# What else the agents need goes here: the programs that they call, and what those read.

${variables.map(([key, value]) => `ENV ${key}=${quoted(value)}`).join("\n")}
USER ${containerUser}:${containerUser}
WORKDIR ${directory}
VOLUME ${home}
# The home is a directory of one machine: one container at a time, on a local volume.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 CMD ["skep", "health", "--quiet"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["skep"]
CMD ${JSON.stringify(["up", fileInContainer(deployment)])}
`;
}

// A $ begins a variable there, in quotes as well.
function quoted(value: string): string {
  return JSON.stringify(value).replaceAll("$", "\\$");
}

function copied(path: string): string {
  return `COPY --chmod=0755 ${JSON.stringify([path, `${inContainer.directory}/${path}`])}`;
}
