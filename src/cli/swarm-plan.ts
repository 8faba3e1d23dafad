// What `skep up` would run of a swarm file, for people and for programs.
import type { Arrangement } from "../agents/topology.ts";
import type { AgentSpec, Swarm } from "../config/swarm.ts";
import { formatDuration } from "../core/durations.ts";
import { columns } from "./columns.ts";

/** The topology that a swarm has, and why. */
type Shape = Pick<Arrangement, "topology" | "why">;

/** The swarm as one JSON object, its groups in the order in which they start. */
export function planJson(swarm: Swarm, { topology, why }: Shape): string {
  const { name, file, addressBook, startAtOnce, startStaggerMs, agents } = swarm;
  return JSON.stringify({
    name,
    file,
    topology,
    why,
    address_book: addressBook,
    start_at_once: startAtOnce,
    start_stagger_ms: startStaggerMs,
    agents: agents.length,
    groups: groupsOf(swarm).map(({ step, members, spec }) => ({
      group: spec.group,
      step,
      count: members.length,
      agents: members.map((agent) => agent.name),
      runner: spec.runner,
      command: spec.command ?? null,
      module: spec.module ?? null,
      cwd: spec.cwd,
      inbox: sharedInbox(members),
      pool: spec.pool,
      after: spec.after,
      restart: spec.restart,
      role: spec.role,
      team: spec.team,
    })),
  });
}

/** The swarm as a sentence and a table, its groups in the order in which they start. */
export function planText(swarm: Swarm, { topology, why }: Shape): string {
  const { name, startAtOnce, startStaggerMs, agents } = swarm;
  const groups = groupsOf(swarm);
  const pause = startStaggerMs === 0 ? "" : ` and ${formatDuration(startStaggerMs)} apart`;
  const size = `${counted(agents.length, "agent")} in ${counted(groups.length, "group")}`;
  return [
    `${name}: ${size}; ${topology} (${why}); ${startAtOnce} started at once${pause}`,
    columns([headings, ...groups.map(row)]),
  ].join("\n");
}

interface Group {
  /** When it starts: 1 at once, 2 after groups of step 1, and so on. */
  step: number;
  members: AgentSpec[];
  /** Any one of them: but for name and inbox they are alike. */
  spec: AgentSpec;
}

function groupsOf({ agents, startOrder }: Swarm): Group[] {
  const byGroup = Map.groupBy(agents, ({ group }) => group);
  return startOrder.flatMap((groups, index) =>
    groups.map((group) => {
      const members = byGroup.get(group)!;
      return { step: index + 1, members, spec: members[0]! };
    }),
  );
}

const headings = ["STEP", "GROUP", "AGENTS", "NAMES", "RUNNER", "INBOX", "POOL", "AFTER"];

function row({ step, members, spec }: Group): string[] {
  const [first, last] = [members[0]!.name, members.at(-1)!.name];
  return [
    String(step),
    spec.group,
    String(members.length),
    first === last ? first : `${first} to ${last}`,
    spec.runner,
    sharedInbox(members) ?? "its own",
    spec.pool === 0 ? "-" : counted(spec.pool, "host"),
    spec.after.length === 0 ? "-" : spec.after.join(", "),
  ];
}

/** The inbox that the file names for the group; null when each agent has its own. */
function sharedInbox(members: readonly AgentSpec[]): string | null {
  const own = members.every(({ name, inbox }) => name === inbox);
  return own ? null : members[0]!.inbox;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
