// In which order groups can be started when some wait for others. Pure.

export interface StartOrder {
  /** The names of the groups, those in one list after those in the lists before it; without any that wait for a ring. */
  steps: string[][];
  /** Groups that wait for one another in a ring: each is after the one behind it, and the first is the last again. */
  rings: string[][];
}

/** The order of `groups`, each with the names of those it waits for; a name that is no other group counts for nothing. */
export function startOrder(groups: ReadonlyMap<string, readonly string[]>): StartOrder {
  const waiting = new Map<string, Set<string>>();
  const waiters = new Map<string, string[]>();
  for (const name of groups.keys()) waiters.set(name, []);
  for (const [name, after] of groups) {
    const others = new Set(after.filter((other) => other !== name && groups.has(other)));
    waiting.set(name, others);
    for (const other of others) waiters.get(other)!.push(name);
  }
  const places = new Map([...groups.keys()].map((name, place) => [name, place]));
  const inOrder = (names: string[]) => names.toSorted((a, b) => places.get(a)! - places.get(b)!);

  const steps: string[][] = [];
  let step = [...groups.keys()].filter((name) => waiting.get(name)!.size === 0);
  while (step.length > 0) {
    steps.push(step);
    const next: string[] = [];
    for (const started of step) {
      waiting.delete(started);
      for (const name of waiters.get(started)!) {
        const left = waiting.get(name)!;
        left.delete(started);
        if (left.size === 0) next.push(name);
      }
    }
    step = inOrder(next);
  }
  return { steps, rings: ringsOf(waiting) };
}

/** The rings among groups that all wait for others of them; each knot of rings is told by one. */
function ringsOf(waiting: ReadonlyMap<string, ReadonlySet<string>>): string[][] {
  const walkOf = new Map<string, string>();
  const rings: string[][] = [];
  for (const start of waiting.keys()) {
    const walk: string[] = [];
    let name = start;
    while (!walkOf.has(name)) {
      walkOf.set(name, start);
      walk.push(name);
      const [next] = waiting.get(name)!;
      name = next!;
    }
    // Where an earlier walk has been, its ring is known already.
    if (walk.length > 0 && walkOf.get(name) === start)
      rings.push([...walk.slice(walk.indexOf(name)), name]);
  }
  return rings;
}
