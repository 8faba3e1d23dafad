// How fast something can be, on a machine that may be busy with something else.

/**
 * The least that `measure` answers, in milliseconds: asked again until that is below `belowMs`, 20 times at most. A busy
 * machine only ever makes things later, so a single answer in time shows that nothing else does.
 */
export async function quickest(belowMs: number, measure: () => Promise<number>): Promise<number> {
  let leastMs = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < 20 && leastMs >= belowMs; tries++)
    leastMs = Math.min(leastMs, await measure());
  return leastMs;
}
