// Time that passes only when it is let, and whoever sleeps in it.
import type { Doorbell } from "../../src/bus/doorbell.ts";
import type { Clock } from "../../src/core/clock.ts";

/** Somebody who sleeps until a tick. */
export interface Sleeper {
  who: string;
  untilTick: number;
  wake(): void;
}

export interface VirtualTime {
  clock: Clock;
  /** The doorbell of `who`, which nobody can ring: it looks by itself, as where there is no socket to be had. */
  doorbellOf(who: string): Doorbell;
  /** Who sleeps. */
  sleepers: Sleeper[];
  /** Takes the one who is to be woken first out of the sleepers, if that is by `tick`. */
  nextBy(tick: number): Sleeper | undefined;
  pass(ms: number): void;
  /** Sets the wall clock, by so much; no time passes. */
  stepWall(ms: number): void;
  /** Another boot: ticks are counted anew, and nobody sleeps who did. */
  reboot(): void;
  /** As it was in the beginning. */
  reset(): void;
}

const beginning = { boot: 1, now: 1_700_000_000_000, tick: 5_000_000 };

export function virtualTime(): VirtualTime {
  let at = { ...beginning };
  const clock = {
    get boot() {
      return `boot ${at.boot}`;
    },
    now: () => at.now,
    tick: () => at.tick,
  };
  const time: VirtualTime = {
    clock,
    sleepers: [],
    doorbellOf: (who) => ({
      address: async () => undefined,
      bound: () => undefined,
      rings: () => 0,
      next: (_heard, ms) =>
        new Promise((wake) => {
          // No timer is early.
          time.sleepers.push({ who, untilTick: at.tick + Math.ceil(Math.max(0, ms)), wake });
        }),
      close() {},
    }),
    nextBy(tick) {
      let first: Sleeper | undefined;
      for (const one of time.sleepers)
        if (one.untilTick <= tick && one.untilTick < (first?.untilTick ?? Infinity)) first = one;
      if (first !== undefined) time.sleepers.splice(time.sleepers.indexOf(first), 1);
      return first;
    },
    pass(ms) {
      at.now += ms;
      at.tick += ms;
    },
    stepWall: (ms) => void (at.now += ms),
    reboot() {
      // Lower than any tick before, as it mostly is.
      at = { boot: at.boot + 1, now: at.now, tick: 1_000 };
      time.sleepers = [];
    },
    reset() {
      at = { ...beginning };
      time.sleepers = [];
    },
  };
  return time;
}
