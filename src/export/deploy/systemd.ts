// A unit for systemd's user manager, on this very machine.
import { type Deployment, boundsOf, keyNames, stopSeconds, variablesOf } from "./deployment.ts";

/** The text of a unit that keeps the swarm up for as long as its user is logged in, or lingers. */
export function systemdUnit(deployment: Deployment): string {
  const { name, version, here } = deployment;
  const [program, ...given] = here.skep;
  const { memoryMiB, cores, tasks, files } = boundsOf(deployment);
  // A user's manager knows few of the directories that a terminal looks for programs in.
  const variables = { ...variablesOf(deployment, here.home), PATH: here.searchPath };
  const keys = keyNames(deployment);
  return `# ${name}: written by skep ${version}. To use it:
#   skep config render systemd > ~/.config/systemd/user/${name}.service
#   systemctl --user daemon-reload && systemctl --user enable --now ${name}
#   loginctl enable-linger          so that it goes on without anybody logged in
[Unit]
Description=skep swarm ${name}

[Service]
Type=exec
ExecStart=${[quoted(program!), ...[...given, "up", here.file].map(quotedArgument)].join(" ")}
${Object.entries(variables)
  .map(([key, value]) => `Environment=${quoted(`${key}=${value}`)}`)
  .join("\n")}
${keys.length === 0 ? "" : keysFile(name, keys)}Restart=on-failure
RestartSec=5s
# skep ends what it started itself; only what is left after that is systemd's.
KillMode=mixed
TimeoutStopSec=${stopSeconds(deployment)}s
LimitNOFILE=${files}
TasksMax=${tasks}
MemoryMax=${memoryMiB}M
CPUQuota=${cores * 100}%
NoNewPrivileges=yes

[Install]
WantedBy=default.target
`;
}

function keysFile(name: string, keys: string[]): string {
  return `# What agents may know and nobody else stands in a file of yours (mode 0600), a line NAME=value each: ${keys.join(" ")}
EnvironmentFile=%h/.config/skep/${name}.env
`;
}

// systemd takes %h and the like for names of its own everywhere, and $X for a variable only in what a program is given.
function quotedArgument(text: string): string {
  return quoted(text).replaceAll("$", "$$$$");
}

function quoted(text: string): string {
  const plain = text.replaceAll("%", "%%");
  return /[\s"'\\]/.test(plain) ? JSON.stringify(plain) : plain;
}
