// Rates by GCRA: one number, when the next arrival is due, says all that a token bucket would. Pure.

export interface Rate {
  perS: number;
  /** How many may come at once all the same. */
  burst: number;
  /** When the next one is due, as a tick; null: long ago. */
  arrivalTick: number | null;
}

/** When so many may come, and when the next one is due once they have. */
export interface Turn {
  /** 0: now. */
  waitMs: number;
  arrivalTick: number;
}

// The sum of two numbers near 10¹⁰ may be wrong by that much; without it what is due now could be a millisecond late.
export const slackMs = 0.001;

/** The turn of `count` that want to come together at `tick`; undefined when they never can, being more than the burst. */
export function turnOf(
  { perS, burst, arrivalTick }: Rate,
  tick: number,
  count: number,
): Turn | undefined {
  if (count > burst) return undefined;
  const arrival = Math.max(arrivalTick ?? tick, tick) + (count * 1_000) / perS;
  const waitMs = Math.ceil(arrival - (burst * 1_000) / perS - tick - slackMs);
  return { waitMs: Math.max(0, waitMs), arrivalTick: arrival };
}

/** How many may come at once at `tick`: the largest count whose turn is now. */
export function tokensOf(rate: Rate, tick: number): number {
  const { perS, burst, arrivalTick } = rate;
  const aheadMs = Math.max(0, (arrivalTick ?? tick) - tick);
  const isDue = (count: number) => turnOf(rate, tick, count)?.waitMs === 0;
  // Rounding may put this one beside the mark, and only the reckoning of turns says what is let in.
  let tokens = Math.min(burst, Math.max(0, Math.floor(burst - (aheadMs * perS) / 1_000)));
  while (isDue(tokens + 1)) tokens++;
  while (tokens > 0 && !isDue(tokens)) tokens--;
  return tokens;
}

/** As many as may come at once when nobody says: what comes in a second, one at least. */
export function usualBurst(perS: number): number {
  return Math.max(1, Math.ceil(perS));
}

/** A rate for people, in the unit that makes it one or more: 5/s, 30/m, 2/h. */
export function formatRate(perS: number): string {
  const [times, unit] = perS >= 1 ? [1, "s"] : perS * 60 >= 1 ? [60, "m"] : [3_600, "h"];
  return `${Number((perS * times).toPrecision(6))}/${unit}`;
}
