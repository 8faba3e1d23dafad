// Address books: what each agent of a swarm may write to, and what its addresses mean for it.
import type { Member, Team } from "./teams.ts";

/** That `address` means `inbox` when `sender` writes to it: one of several, for an address like `@workers`. */
export interface Route {
  /** `*`: whoever it is; then `inbox` stands in for the inbox `address`. */
  sender: string;
  address: string;
  inbox: string;
}

/**
 * The routes of all `members`; none in a flat swarm. Everybody reaches its own inbox, so that nobody is without a route, which would
 * set it free.
 */
export function routesOf(
  topology: "flat" | "mesh" | "hierarchical" | "hybrid",
  members: readonly Member[],
  teams: readonly Team[],
): Route[] {
  if (topology === "flat") return [];
  if (topology === "mesh")
    return members.flatMap((sender) => bookOf(sender, others(members, sender), undefined));
  const places = placesOf(members, teams);
  const coordinators = members.filter(({ role }) => role === "coordinator");
  return members.flatMap((sender) => {
    const place = places.get(sender.name)!;
    // Workers do not reach each other, and there are many of them.
    const near = others(place.isCoordinator ? members : coordinators, sender);
    const reached = near.filter(({ name }) => reaches(topology, place, places.get(name)!));
    return bookOf(sender, reached, places);
  });
}

function others(members: readonly Member[], sender: Member): Member[] {
  return members.filter((other) => other !== sender);
}

/** Where an agent stands in the teams of its swarm. */
interface Place {
  isCoordinator: boolean;
  /** Those it leads, or the one it works in; none for a coordinator that has been replaced. */
  teams: readonly string[];
}

function placesOf(members: readonly Member[], teams: readonly Team[]): Map<string, Place> {
  const places = new Map<string, Place>();
  const teamOfWorker = new Map(
    teams.flatMap(({ team, workers }) => workers.map((name) => [name, team] as const)),
  );
  for (const { name, role } of members) {
    const isCoordinator = role === "coordinator";
    const led = teams.filter(({ coordinator }) => coordinator === name).map(({ team }) => team);
    places.set(name, {
      isCoordinator,
      teams: isCoordinator ? led : [teamOfWorker.get(name)!],
    });
  }
  return places;
}

function reaches(topology: string, one: Place, other: Place): boolean {
  if (one.isCoordinator && other.isCoordinator)
    return topology === "hybrid" && other.teams.length > 0;
  return other.teams.some((team) => one.teams.includes(team));
}

function bookOf(
  sender: Member,
  reached: readonly Member[],
  places: ReadonlyMap<string, Place> | undefined,
): Route[] {
  const inboxes = new Map<string, Set<string>>();
  const add = (address: string, { inbox }: Member) =>
    inboxes.set(address, (inboxes.get(address) ?? new Set()).add(inbox));
  add(sender.inbox, sender);
  for (const other of reached) {
    const place = places?.get(other.name);
    add(other.inbox, other);
    if (places === undefined || other.role === sender.role) add("@peers", other);
    if (other.role === "worker") add("@workers", other);
    else if (sender.role === "worker") add("@coordinator", other);
    const teams = place?.teams ?? (other.team == null ? [] : [other.team]);
    for (const team of teams) add(`@team:${team}`, other);
  }
  return [...inboxes].flatMap(([address, those]) =>
    [...those].map((inbox) => ({ sender: sender.name, address, inbox })),
  );
}
