// Pace: how long an agent rests before its next message while the machine has too much to do. A rest only delays, and
// never for long: whoever waits for the answer of another one gets it, however many are held back.
import { elapsedMs } from "../core/clock.ts";

/** How far a host process is held back, as its supervisor told it last. */
export interface Held {
  /** How much of what could go on at once does, in percent; 100 when nobody said anything of late. */
  level(): number;
  /** Holds it back to `level` for so long. */
  hold(level: number, forMs: number): void;
}

/** Not held back. `now` answers milliseconds. */
export function openHeld(now: () => number = elapsedMs): Held {
  let held = { level: 100, until: 0 };
  return {
    level: () => (now() < held.until ? held.level : 100),
    hold: (level, forMs) => void (held = { level, until: now() + forMs }),
  };
}

export interface Pace {
  /** Says whether anything is at work from now on. */
  works(isAtWork: boolean): void;
  /** How long to rest still before the next message; 0 mostly. */
  restMs(): number;
  /** Says that the rest is over, and the next message is taken. */
  taken(): void;
  /** `ms` for whoever tries again and again: longer while it is held back. */
  stretched(ms: number): number;
}

/** The pace of one agent, which has done nothing yet. */
export function openPace(
  held: Held,
  { pauseMaxMs }: { pauseMaxMs: number },
  now: () => number = elapsedMs,
  random: () => number = Math.random,
): Pace {
  let workedMs = 0;
  let busySince: number | undefined;
  let freeSince = Number.NEGATIVE_INFINITY;
  let restUntil: number | undefined;
  return {
    works(isAtWork) {
      if (isAtWork === (busySince !== undefined)) return;
      if (isAtWork) busySince = now();
      else {
        workedMs += now() - busySince!;
        busySince = undefined;
        freeSince = now();
      }
    },
    restMs() {
      const level = held.level();
      if (level === 100) return 0;
      const sinceMs = busySince === undefined ? 0 : now() - busySince;
      const idleMs = busySince === undefined ? now() - freeSince : 0;
      // Reckoned once, or somebody that goes on to be at work would rest for ever.
      restUntil ??=
        now() + Math.min(pauseMaxMs, restOf(level, workedMs + sinceMs, idleMs, random()));
      return Math.max(0, restUntil - now());
    },
    taken() {
      workedMs = 0;
      if (busySince !== undefined) busySince = now();
      restUntil = undefined;
    },
    stretched: (ms) => (ms * 100) / held.level(),
  };
}

// Agents that were started or unpaused in one moment do not all claim in the next.
const spreadMs = 500;

/**
 * The rest of one that has worked for `workedMs` and was idle for `idleMs` since: at 50 % as long as it worked, at 25 %
 * three times that, so that of many as many work at once as the level says; half more or less, or all of them would work
 * at one time and rest at another. Who was idle for long has had its rest.
 */
export function restOf(level: number, workedMs: number, idleMs: number, random: number): number {
  const times = 100 / level - 1;
  if (idleMs > spreadMs * times) return random * spreadMs * times;
  return Math.max(0, workedMs * times * (0.5 + random) - idleMs);
}
