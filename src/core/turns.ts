// Turns: how many do something at the same time. Whoever has none stands in line.

export interface Turns {
  /** Does `work` when it is its turn. */
  take<T>(work: () => Promise<T>): Promise<T>;
}

/** `most` turns at once; any number when left out. */
export function openTurns(most = Number.POSITIVE_INFINITY): Turns {
  let taken = 0;
  const line: (() => void)[] = [];
  return {
    async take(work) {
      if (taken < most) taken++;
      // Whoever leaves hands its turn on, so nobody can slip in between.
      else await new Promise<void>((resolve) => line.push(resolve));
      try {
        return await work();
      } finally {
        const next = line.shift();
        if (next === undefined) taken--;
        else next();
      }
    },
  };
}
