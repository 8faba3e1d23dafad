// Teams: which coordinator has which workers, and who has them when it fails for good.
import { SkepError } from "../core/errors.ts";
import { didYouMean } from "../core/names.ts";

/** One agent of a swarm, as far as its place in it matters. */
export interface Member {
  name: string;
  /** The name it has in the file. */
  group: string;
  role: "coordinator" | "worker";
  /** The team it is put into; left out or null, a coordinator has one of its own name and a worker goes where there are fewest. */
  team?: string | null | undefined;
  /** The inbox it works on: its own name, or a shared one. */
  inbox: string;
}

/** A coordinator's workers, in the order of the file. */
export interface Team {
  team: string;
  coordinator: string | null;
  workers: string[];
}

/** How many workers a coordinator is given at most; one that takes over for another may have more. */
const workersMax = 50;

/** The teams of `members`, each with its coordinator, and every worker in one; `swarm` is what errors call them. E_CONFIG, with what to change. */
export function formTeams(members: readonly Member[], swarm: string): Team[] {
  const teams = teamsOfCoordinators(members, swarm);
  const workers = members.filter(({ role }) => role === "worker");
  for (const worker of workers) if (worker.team != null) joinNamed(teams, worker, worker.team);
  for (const worker of workers) if (worker.team == null) joinFewest(teams, worker, workers.length);
  const place = new Map(members.map(({ name }, index) => [name, index]));
  for (const { workers: those } of teams) those.sort((a, b) => place.get(a)! - place.get(b)!);
  return teams;
}

/** The name of the team that `coordinator` has from the file. */
export function ownTeam({ team, name }: Member): string {
  return team ?? name;
}

/** A coordinator that could take over, and what it has to do already. */
export interface Candidate {
  name: string;
  /** Messages in its inbox that nobody has settled. */
  unsettled: number;
  workers: number;
}

/**
 * Who of `candidates`, the coordinators that live in the order of the file, takes over: the one with the fewest unsettled messages,
 * then with the fewest workers, then the first; undefined when there is none.
 */
export function heirOf(candidates: readonly Candidate[]): string | undefined {
  const [heir] = candidates.toSorted((a, b) => a.unsettled - b.unsettled || a.workers - b.workers);
  return heir?.name;
}

/** How many workers `coordinator` has, in all of its teams. */
export function workersOf(teams: readonly Team[], coordinator: string): number {
  return teams
    .filter((team) => team.coordinator === coordinator)
    .reduce((sum, { workers }) => sum + workers.length, 0);
}

function teamsOfCoordinators(members: readonly Member[], swarm: string): Team[] {
  const teams = new Map<string, Team & { coordinator: string }>();
  for (const member of members) {
    if (member.role !== "coordinator") continue;
    const { name, group, inbox } = member;
    const team = ownTeam(member);
    const before = teams.get(team);
    if (before !== undefined)
      throw new SkepError(
        "E_CONFIG",
        `${before.coordinator} and ${name} both lead the team ${team}; a team has one coordinator`,
        {
          at: ["agents", group, "team"],
          hint: `Leave team out of [agents.${group}], so that each leads one of its own name, or name another one.`,
        },
      );
    const sharer = members.find((other) => other.inbox === inbox && other !== member);
    if (sharer !== undefined)
      throw new SkepError(
        "E_CONFIG",
        `the coordinator ${name} shares the inbox ${inbox} with ${sharer.name}; a coordinator has one of its own`,
        {
          at: ["agents", group, "inbox"],
          hint: `Leave inbox out of [agents.${group}], or name one that nobody else has.`,
        },
      );
    teams.set(team, { team, coordinator: name, workers: [] });
  }
  if (teams.size === 0)
    throw new SkepError(
      "E_CONFIG",
      `${swarm} needs a coordinator, and none of its ${members.length} agents is one`,
      {
        at: ["topology"],
        hint: `Give a group role = "coordinator"; ${coordinatorsFor(members.length)} of them can have ${members.length} workers. Or write topology = "flat".`,
      },
    );
  return [...teams.values()];
}

function joinNamed(teams: readonly Team[], { name, group }: Member, wanted: string): void {
  const team = teams.find(({ team }) => team === wanted);
  if (team === undefined)
    throw new SkepError("E_CONFIG", `the team ${wanted} of ${name} has no coordinator`, {
      at: ["agents", group, "team"],
      hint:
        didYouMean(
          wanted,
          teams.map(({ team }) => team),
        ) ?? `Give a coordinator team = "${wanted}", or leave team out of [agents.${group}].`,
    });
  if (team.workers.length >= workersMax)
    throw new SkepError(
      "E_CONFIG",
      `the team ${wanted} has more than ${workersMax} workers; ${name} is one too many`,
      {
        at: ["agents", group, "team"],
        hint: `Lower the count of [agents.${group}], or put some of its workers into another team.`,
      },
    );
  team.workers.push(name);
}

function joinFewest(teams: readonly Team[], { name, group }: Member, workers: number): void {
  const [team] = teams.toSorted((a, b) => a.workers.length - b.workers.length);
  if (team!.workers.length >= workersMax)
    throw new SkepError(
      "E_CONFIG",
      `${workers} workers are too many for ${teams.length === 1 ? "1 coordinator" : `${teams.length} coordinators`} with ${workersMax} each; there is no place for ${name}`,
      {
        at: ["agents", group],
        hint: `Have ${coordinatorsFor(workers)} coordinators, or lower the count of [agents.${group}].`,
      },
    );
  team!.workers.push(name);
}

function coordinatorsFor(workers: number): number {
  return Math.ceil(workers / workersMax);
}
