// Topology: the shape of a swarm, and so who of it reaches whom. Nothing here touches a process or a row.
import { SkepError } from "../core/errors.ts";
import { anybody } from "../core/names.ts";
import { type Route, routesOf } from "./address-book.ts";
import { type Member, type Team, formTeams } from "./teams.ts";

export type Topology = "flat" | "mesh" | "hierarchical" | "hybrid";

/** A swarm in its shape. */
export interface Arrangement {
  topology: Topology;
  /** Why it is this one, as a sentence without its full stop. */
  why: string;
  /** None where it is flat or a mesh. */
  teams: Team[];
  /** None where it is flat: anybody writes to anybody there. */
  routes: Route[];
  /** By the inbox of a coordinator that is no more, that of the one that took over. */
  standIns: ReadonlyMap<string, string>;
}

/** A coordinator, as far as it matters to whoever takes over. */
export type Lead = Pick<Member, "name" | "inbox">;

/** That the coordinator `to` has all that `from` had. */
export interface Takeover {
  from: Lead;
  to: Lead;
}

/** How many agents a mesh has. */
const meshMin = 2;
const meshMax = 7;

/** How many agents there are at most before `auto` wants coordinators that reach each other. */
const hierarchyMax = 100;

/**
 * `members`, in the order of the file, in the topology that was asked for; `auto` picks one by their number. E_CONFIG, with what to change, when
 * they do not fit it.
 */
export function arrange(members: readonly Member[], asked: Topology | "auto"): Arrangement {
  const { topology, why } =
    asked === "auto" ? choose(members) : { topology: asked, why: asWritten(asked) };
  if (topology === "mesh") checkMesh(members);
  const isLed = topology === "hierarchical" || topology === "hybrid";
  const what = `a ${topology} swarm${asked === "auto" ? ` (which "auto" makes of ${members.length} agents)` : ""}`;
  const teams = isLed ? formTeams(members, what) : [];
  return { topology, why, teams, routes: routesOf(topology, members, teams), standIns: new Map() };
}

/** `arrangement` once the coordinator `to` has all teams of the coordinator `from`, and gets what anybody sends to that one. Nobody takes over where nobody is led. */
export function afterHandover(
  arrangement: Arrangement,
  members: readonly Member[],
  { from, to }: Takeover,
): Arrangement {
  if (arrangement.teams.length === 0) return arrangement;
  const teams = arrangement.teams.map((team) =>
    team.coordinator === from.name ? { ...team, coordinator: to.name } : team,
  );
  const standIns = new Map(arrangement.standIns);
  for (const [inbox, instead] of standIns)
    if (instead === from.inbox) standIns.set(inbox, to.inbox);
  standIns.set(from.inbox, to.inbox);
  const instead = [...standIns].map(([address, inbox]) => ({ sender: anybody, address, inbox }));
  const routes = [...routesOf(arrangement.topology, members, teams), ...instead];
  return { ...arrangement, teams, routes, standIns };
}

function asWritten(asked: Topology): string {
  return asked === "flat" ? "anybody writes to anybody" : "the file says so";
}

function choose(members: readonly Member[]): Pick<Arrangement, "topology" | "why"> {
  const count = members.length;
  const isLed = members.some(({ role }) => role === "coordinator");
  if (count < meshMin) return { topology: "flat", why: "a single agent has nobody to reach" };
  if (count <= meshMax) {
    const shared = findShared(members);
    if (shared === undefined)
      return { topology: "mesh", why: `${count} agents: up to ${meshMax} form a mesh` };
    const [one, other] = shared;
    return {
      topology: "flat",
      why: `${count} agents would form a mesh, but ${one!.name} and ${other!.name} share the inbox ${one!.inbox}, so it is flat`,
    };
  }
  if (count > hierarchyMax)
    return {
      topology: "hybrid",
      why: `${count} agents: with more than ${hierarchyMax} it is a mesh of coordinators, each with its workers`,
    };
  return isLed
    ? {
        topology: "hierarchical",
        why: `${count} agents with a coordinator: ${meshMax + 1} to ${hierarchyMax} form a hierarchy`,
      }
    : {
        topology: "flat",
        why: `${count} agents without a coordinator: up to ${hierarchyMax} of them are flat`,
      };
}

function checkMesh(members: readonly Member[]): void {
  const count = members.length;
  if (count < meshMin)
    throw new SkepError(
      "E_CONFIG",
      `a mesh has ${meshMin} to ${meshMax} agents, and there is one`,
      {
        at: ["topology"],
        hint: 'Add agents, or write topology = "flat".',
      },
    );
  if (count > meshMax)
    throw new SkepError(
      "E_CONFIG",
      `a mesh has ${meshMin} to ${meshMax} agents, and there are ${count}`,
      {
        at: ["topology"],
        hint: `Lower the counts to ${meshMax} in all, or write topology = "hierarchical" and give a group role = "coordinator".`,
      },
    );
  const shared = findShared(members);
  if (shared === undefined) return;
  const [one, other] = shared;
  throw new SkepError(
    "E_CONFIG",
    `${one!.name} and ${other!.name} share the inbox ${one!.inbox}; in a mesh each has one of its own`,
    {
      at: ["agents", other!.group, "inbox"],
      hint: `Leave inbox out of [agents.${other!.group}], or write topology = "flat".`,
    },
  );
}

/** The first two that work on the same inbox. */
function findShared(members: readonly Member[]): [Member, Member] | undefined {
  const byInbox = new Map<string, Member>();
  for (const member of members) {
    const before = byInbox.get(member.inbox);
    if (before !== undefined) return [before, member];
    byInbox.set(member.inbox, member);
  }
  return undefined;
}
