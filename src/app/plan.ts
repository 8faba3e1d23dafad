// The plan of a run: what a swarm file asks for, as the supervisor of agents needs to know it.
import type { Member } from "../agents/charge.ts";
import type { SwarmPlan } from "../agents/crew.ts";
import { withSkepOnPath } from "../agents/executable.ts";
import { agentEnvironment, settingVariables } from "../config/environment.ts";
import type { AgentSpec, Swarm } from "../config/swarm.ts";
import { ownIdentity } from "../core/identity.ts";
import type { Assignment } from "../hosts/runner.ts";

/** The plan of the swarm that a file describes. */
export function planOf({
  name,
  file,
  agents,
  startOrder,
  startAtOnce,
  startStaggerMs,
  addressBook,
  restartsMax,
  restartsPeriodMs,
  topology,
}: Swarm): SwarmPlan {
  return {
    name,
    file,
    groups: startOrder.flat(),
    members: membersOf(agents),
    startAtOnce,
    startStaggerMs,
    addressBook,
    restartsMax: restartsMax ?? undefined,
    restartsPeriodMs,
    topology,
  };
}

function membersOf(agents: readonly AgentSpec[]): Member[] {
  const supervisor = ownIdentity();
  // What the agents of one group see is the same but for who they are, and there may be thousands of them.
  const seen = new Map<string, Seen>();
  return agents.map((spec) => {
    const own = seen.get(spec.group) ?? seenBy(spec);
    seen.set(spec.group, own);
    return memberOf(spec, own, supervisor);
  });
}

/** The environment of a group's hosts, and that of its programs. */
interface Seen {
  host: Record<string, string>;
  program: Record<string, string>;
}

function seenBy({ runner, env }: AgentSpec): Seen {
  // What is chosen for the swarm holds for the skep that a program calls, too.
  const chosen = settingVariables();
  return {
    // A module runs in its host, and sees what any other program of the agent would.
    host: withSkepOnPath(agentEnvironment(runner === "module" ? env : undefined, chosen)),
    program: withSkepOnPath(agentEnvironment(env, chosen)),
  };
}

function memberOf(spec: AgentSpec, seen: Seen, supervisor: Assignment["supervisor"]): Member {
  const { name, group, runner, inbox, role, team, limits, cwd } = spec;
  return {
    name,
    group,
    role,
    team,
    limits,
    runner,
    inbox,
    cwd,
    hostEnv: seen.host,
    assignment: (identity): Assignment => ({
      spec,
      env: { ...seen.program, ...identity },
      supervisor,
    }),
    // What is set for its program shows in what that sees, and nowhere else.
    signature: JSON.stringify([spec, seen.program]),
    restart: {
      when: spec.restart,
      max: spec.restartMax,
      periodMs: spec.restartPeriodMs,
      backoffMinMs: spec.backoffMinMs,
      backoffMaxMs: spec.backoffMaxMs,
    },
    after: spec.after,
    pool: spec.pool > 0 ? spec.pool : undefined,
    readyByBeat: spec.ready === "beat" ? { timeoutMs: spec.readyTimeoutMs } : undefined,
    liveBeatMs: spec.live !== null && "beatMs" in spec.live ? spec.live.beatMs : undefined,
  };
}
