// A unit for systemd's user manager, on this very machine.
import { type Deployment, stopSeconds, variablesOf } from "./deployment.ts";

/** The text of a unit that keeps the swarm up for as long as its user is logged in, or lingers. */
export function systemdUnit(deployment: Deployment): string {
  const { name, version, cost, here } = deployment;
  const variables = Object.entries(variablesOf(deployment, here.home));
  return `# ${name}: written by skep ${version}. To use it:
#   skep config render systemd > ~/.config/systemd/user/${name}.service
#   systemctl --user daemon-reload && systemctl --user enable --now ${name}
#   loginctl enable-linger          so that it goes on without anybody logged in
[Unit]
Description=skep swarm ${name}

[Service]
Type=exec
ExecStart=${quoted(here.skep)} up ${quoted(here.file)}
${variables.map(([key, value]) => `Environment=${quoted(`${key}=${value}`)}`).join("\n")}
Restart=on-failure
RestartSec=5s
# skep ends what it started itself; only what is left after that is systemd's.
KillMode=mixed
TimeoutStopSec=${stopSeconds(deployment)}s
LimitNOFILE=${cost.files * 2}
TasksMax=${cost.tasks * 2}
NoNewPrivileges=yes

[Install]
WantedBy=default.target
`;
}

// systemd takes %h and the like for names of its own, and $X for variables.
function quoted(text: string): string {
  const plain = text.replaceAll("%", "%%").replaceAll("$", "$$$$");
  return /[\s"'\\]/.test(plain) ? JSON.stringify(plain) : plain;
}
