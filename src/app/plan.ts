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
    members: agents.map(memberOf),
    startAtOnce,
    startStaggerMs,
    addressBook,
    restartsMax: restartsMax ?? undefined,
    restartsPeriodMs,
    topology,
  };
}

function memberOf(spec: AgentSpec): Member {
  const { name, group, runner, inbox, role, team, limits, cwd, env } = spec;
  return {
    name,
    group,
    role,
    team,
    limits,
    runner,
    inbox,
    cwd,
    // A module runs in its host, and sees what any other program of the agent would.
    hostEnv: withSkepOnPath(
      agentEnvironment(runner === "module" ? env : undefined, settingVariables()),
    ),
    assignment: (identity): Assignment => {
      const own = withSkepOnPath(agentEnvironment(env, identity));
      return { spec, env: own, supervisor: ownIdentity() };
    },
    signature: JSON.stringify(spec),
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
