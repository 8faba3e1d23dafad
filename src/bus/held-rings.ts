// The rings of a long batch, held back until it is through: receivers that were woken after each of its
// transactions would stand in line for the write lock before it, and it behind all of them for the next one.
// 10,000 messages to 500 that wait: 1,100 a second that way.
import { elapsedMs } from "../core/clock.ts";
import type { Ring } from "./waiters.ts";

export interface HeldRings {
  /** Rings later: with `release`, or as soon as the first one held has waited long enough. */
  ring: Ring;
  /** Rings all that were held. */
  release(): void;
}

// Long enough for some thousands of messages, and less than anybody would look by itself.
const heldMaxMs = 250;

/** Holds what goes to `ring`; `elapsed` counts the milliseconds. */
export function holdRings(ring: Ring, elapsed = elapsedMs): HeldRings {
  let held: [port: number, nonce: number][] = [];
  let since = 0;
  const release = () => {
    for (const [port, nonce] of held) ring(port, nonce);
    held = [];
  };
  return {
    ring(port, nonce) {
      if (held.length === 0) since = elapsed();
      held.push([port, nonce]);
      if (elapsed() - since >= heldMaxMs) release();
    },
    release,
  };
}
