// The load over a while: what stands in line in one moment may be gone in the next. Pure.

export interface LoadWindow {
  /** Since when there was a sample now and then, without a gap. */
  sinceTick: number;
  samples: readonly { tick: number; load: number }[];
  /** The mean over the last window that was full; null before there was one. */
  mean: number | null;
}

/** No sample yet. */
export const emptyWindow: LoadWindow = { sinceTick: 0, samples: [], mean: null };

interface Look {
  tick: number;
  /** The load just now; null where the machine does not say it. */
  load: number | null;
  windowMs: number;
  /** Whether agents are just being started. Then it is mostly they themselves who stand in line: that does not count, and what was known before goes on to hold. */
  isStarting: boolean;
}

/** `window` with one more look. As long as it is not full it says what the last full one did, however high it begins. */
export function lookAtLoad(
  { sinceTick, samples, mean }: LoadWindow,
  { tick, load, windowMs, isStarting }: Look,
): LoadWindow {
  if (load === null || isStarting) return { ...emptyWindow, mean };
  const recent = samples.filter((one) => tick - one.tick < windowMs);
  const since = recent.length === 0 ? tick : sinceTick;
  const all = [...recent, { tick, load }];
  if (tick - since < windowMs) return { sinceTick: since, samples: all, mean };
  const sum = all.reduce((total, one) => total + one.load, 0);
  return { sinceTick: since, samples: all, mean: sum / all.length };
}
