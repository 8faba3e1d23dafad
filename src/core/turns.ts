// Turns: how many do something at the same time. Whoever has none stands in line.

export interface Turns {
  /** Does `work` when it is its turn. */
  take<T>(work: () => Promise<T>): Promise<T>;
}

/** `most` turns at once, a number or what says it whenever it matters; any number when left out. */
export function openTurns(most: number | (() => number) = Number.POSITIVE_INFINITY): Turns {
  const mostNow = typeof most === "number" ? () => most : most;
  let taken = 0;
  const line: (() => void)[] = [];
  return {
    async take(work) {
      if (taken < mostNow()) taken++;
      // Whoever leaves hands its turn on, so nobody can slip in between.
      else await new Promise<void>((resolve) => line.push(resolve));
      try {
        return await work();
      } finally {
        taken--;
        while (line.length > 0 && taken < mostNow()) {
          taken++;
          line.shift()!();
        }
      }
    },
  };
}
