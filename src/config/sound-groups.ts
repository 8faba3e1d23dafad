// What is right about a swarm file of which something is wrong, so that one mistake does not hide the others. Pure.
import type * as v from "valibot";
import type { Groups } from "./between-groups.ts";

type Table = Record<string, unknown>;

/**
 * The groups in `output`, which is what the schema made of a file, without what its `issues` are about; and the names
 * of those groups whose agents can be named. It changes `output`.
 */
export function soundGroups(
  output: unknown,
  issues: readonly v.BaseIssue<unknown>[],
): { groups: Groups; named: ReadonlySet<string> } {
  const wrong = issues.map(({ path = [] }) => ({
    keys: path.map((item) => String(item.key)),
    isName: path[1]?.origin === "key",
  }));
  // When all of it is wrong, nothing in it was looked at.
  const isWhole = ([section, group]: string[]) =>
    section === undefined || (section === "agents" && group === undefined);
  if (wrong.some(({ keys }) => isWhole(keys))) return { groups: new Map(), named: new Set() };

  const { agents = {} } = output as { agents?: Record<string, Table> };
  const named = new Set(Object.keys(agents));
  for (const { keys, isName } of wrong) {
    const [section, group = "", ...inner] = keys;
    if (section !== "agents") continue;
    if (isName || ["count", "names", undefined].includes(inner[0])) named.delete(group);
    // A group that is no table at all is a group still: others may wait for it.
    if (inner.length > 0) remove(agents[group]!, inner);
    else if (!isName) agents[group] = {};
  }
  return { groups: new Map(Object.entries(agents)) as Groups, named };
}

/** Takes what is at `path` out of `table`; a list goes as a whole, for the others in it keep their places. */
function remove(table: Table, [key, ...rest]: readonly string[]): void {
  const inner = table[key!];
  const isTable = typeof inner === "object" && inner !== null && !Array.isArray(inner);
  if (rest.length > 0 && isTable) remove(inner as Table, rest);
  else delete table[key!];
}
