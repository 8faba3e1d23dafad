// Chance that comes again: the same seed decides the same, so that what went wrong can be tried once more.

export interface Random {
  /** From 0 to 1, without 1. */
  share(): number;
  /** A whole number from `least` to `most`. */
  whole(least: number, most: number): number;
  /** One of `items`; undefined when there are none. */
  pick<Item>(items: readonly Item[]): Item | undefined;
  /** All of `items` in another order. */
  shuffled<Item>(items: readonly Item[]): Item[];
}

/** The chance that `seed`, a whole number, decides (mulberry32). */
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  const share = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const whole = (least: number, most: number) => least + Math.floor(share() * (most - least + 1));
  return {
    share,
    whole,
    pick: (items) => items[whole(0, items.length - 1)],
    shuffled(items) {
      const rest = [...items];
      for (let last = rest.length - 1; last > 0; last--) {
        const other = whole(0, last);
        [rest[last], rest[other]] = [rest[other]!, rest[last]!];
      }
      return rest;
    },
  };
}
