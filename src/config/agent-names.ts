// The names of the agents of a group.

/** One name per agent: the group's own without a count, else by the pattern, in which {n} is the number and {n:3} the number in 3 digits. */
export function agentNames(group: string, count: number | undefined, pattern?: string): string[] {
  if (count === undefined) return [group];
  const [all, width = "1"] = /\{n(?::(\d))?\}/.exec(pattern ?? "") ?? [];
  const [before, after] = all === undefined ? [`${group}-`, ""] : pattern!.split(all);
  return Array.from(
    { length: count },
    (_, index) => `${before}${`${index + 1}`.padStart(Number(width), "0")}${after}`,
  );
}
