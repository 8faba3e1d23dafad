// What agents are to be passed of an environment that is not there yet, by name.
import { defaultRules } from "./environment.ts";
import type { AgentSpec } from "./swarm.ts";

/** A variable, and the groups of agents whose `env` names it. */
export interface PassedKey {
  variable: string;
  groups: string[];
}

/**
 * The variables that the `env` of these agents names, in the order of the file: without those that every system has of
 * its own (PATH, HOME …), those that skep sets or reads itself, and those that the file gives a value.
 */
export function passedKeys(agents: readonly AgentSpec[]): PassedKey[] {
  const groups = new Map<string, Set<string>>();
  for (const { group, env } of agents) {
    const set = env.flatMap((rule) => (typeof rule === "string" ? [] : Object.keys(rule)));
    const ready = new Set([...defaultRules, ...set]);
    for (const rule of env)
      if (typeof rule === "string" && !ready.has(rule) && !rule.startsWith("SKEP_"))
        groups.set(rule, (groups.get(rule) ?? new Set()).add(group));
  }
  return [...groups].map(([variable, names]) => ({ variable, groups: [...names] }));
}
