// What the groups of a swarm file have to do with one another: who waits for whom, and who has what in common. Pure.
import { didYouMean, namePattern, swarmLogName } from "../core/names.ts";
import { agentNames } from "./agent-names.ts";
import type { Finding } from "./faults.ts";
import type { AgentGroup } from "./schema/agent-group.ts";
import { agentsMax } from "./schema/agents.ts";
import { startOrder } from "./start-order.ts";

/** The groups of a file by name, each with what is right about it. */
export type Groups = ReadonlyMap<string, Partial<AgentGroup>>;

/** What does not fit between `groups`; the agents of those that are not in `named` have no names yet. */
export function betweenGroups(
  groups: Groups,
  named: ReadonlySet<string>,
  countMax = agentsMax,
): Finding[] {
  const crowd = tooMany(groups, countMax);
  // Of such a file nobody wants to know more, and it would take minutes to find out.
  if (groups.size > agentsMax) return crowd;
  return [
    ...crowd,
    ...strangeWaits(groups),
    ...rings(groups),
    ...unevenLimits(groups),
    // Their names would fill the memory.
    ...(crowd.length > 0 ? [] : wrongNames(groups, named)),
  ];
}

// A likely name is looked for among so many; among all of them, for each that is wrong, it would take a minute.
const guessedMax = 1_000;

function strangeWaits(groups: Groups): Finding[] {
  const some = [...groups.keys()].slice(0, guessedMax);
  return [...groups].flatMap(([group, { after = [] }]) =>
    after.flatMap((other, i) => {
      const path = ["agents", group, "after", `${i}`];
      if (other === group)
        return [{ path, what: `names ${group} itself`, hint: "A group cannot wait for itself." }];
      if (groups.has(other)) return [];
      const others = some.filter((name) => name !== group);
      const hint = didYouMean(other, others) ?? `There are ${listed(others)}.`;
      return [{ path, what: `names ${other}, which is no group of this file`, hint }];
    }),
  );
}

function rings(groups: Groups): Finding[] {
  const after = new Map([...groups].map(([group, given]) => [group, given.after ?? []]));
  return startOrder(after).rings.map((ring) => ({
    path: ["agents", ring[0]!, "after"],
    what: `makes a ring: ${shortened(ring).join(" after ")}`,
    hint: "Take one of them out; in a ring nobody can be the first to start.",
  }));
}

function tooMany(groups: Groups, countMax: number): Finding[] {
  const all = [...groups.values()].reduce((sum, { count = 1 }) => sum + count, 0);
  if (all <= countMax) return [];
  const most = countMax < agentsMax ? "agents.count_max allows" : "a swarm has";
  const what = `has ${all} agents in all; ${most} ${countMax}${countMax < agentsMax ? "" : " at most"}`;
  const hint =
    countMax < agentsMax
      ? "Lower a count, or raise agents.count_max (skep config explain agents.count_max)."
      : "Lower a count, or make a second swarm in a home of its own.";
  return [{ path: ["agents"], what, hint }];
}

function wrongNames(groups: Groups, named: ReadonlySet<string>): Finding[] {
  const ownerOf = new Map<string, string>();
  return [...groups].flatMap(([group, { count, names }]) => {
    if (!named.has(group)) return [];
    const all = agentNames(group, count, names);
    const path = ["agents", group, ...(names === undefined ? [] : ["names"])];
    const wrong = wrongName(all.at(-1)!);
    if (wrong !== undefined) return [{ path, ...wrong }];
    if (all.includes(swarmLogName)) {
      const what = `makes an agent called ${swarmLogName}, which is the swarm itself in its logs`;
      return [{ path, what, hint: "Give it another name." }];
    }
    const taken = all.find((name) => ownerOf.has(name));
    if (taken !== undefined) {
      const what = `makes a second agent called ${taken}, beside that of ${ownerOf.get(taken)}`;
      return [{ path, what, hint: "Rename one of the two." }];
    }
    for (const name of all) ownerOf.set(name, group);
    return [];
  });
}

// The last name is the longest, and in all else they are alike.
function wrongName(name: string): Omit<Finding, "path"> | undefined {
  if (namePattern.test(name)) return undefined;
  const gives = `gives an agent the name ${name}, which`;
  if (name.length > 64)
    return {
      what: `${gives} has ${name.length} characters`,
      hint: "A name has 64 characters at most, with the number of the agent.",
    };
  return {
    what: `${gives} is none`,
    hint: "Letters, digits, dot, dash and underscore are allowed; the first is a letter or a digit.",
  };
}

/** An inbox has one set of limits, whichever of those who share it says so. */
function unevenLimits(groups: Groups): Finding[] {
  const firstOf = new Map<string, { group: string; limits: string }>();
  return [...groups].flatMap(([group, { inbox, count, limits = {} }]) => {
    const { cap, bytes, rate, burst } = limits;
    const own = JSON.stringify([cap, bytes, rate, burst]);
    const shared = inbox ?? (count === undefined ? group : undefined);
    if (shared === undefined || own === "[null,null,null,null]") return [];
    const first = firstOf.get(shared);
    if (first === undefined) firstOf.set(shared, { group, limits: own });
    if (first === undefined || first.limits === own) return [];
    const what = `differs from what agents.${first.group} says about the inbox ${shared}`;
    return [
      {
        path: ["agents", group, "limits"],
        what,
        hint: "Say it in one place, or the same in both.",
      },
    ];
  });
}

function shortened(ring: readonly string[]): readonly string[] {
  return ring.length > 12 ? [...ring.slice(0, 10), "…", ring.at(-1)!] : ring;
}

function listed(names: readonly string[]): string {
  if (names.length === 0) return "no others";
  return names.length > 10 ? `${names.slice(0, 10).join(", ")} and others` : names.join(", ");
}
