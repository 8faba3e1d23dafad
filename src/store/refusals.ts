// Refusals: when a store was last written in vain. Of a full disk some writes find room and others do not, so that one
// that goes through says nothing of what others met with.
import type { Clock } from "../core/clock.ts";
import { isSkepError } from "../core/errors.ts";
import type { Store } from "./store.ts";

export interface Refusals {
  /** `store`, whose refusals are noted from now on; of one store it is always the same. */
  noting(store: Store): Store;
  /** The tick of the last refusal; undefined when there was none. */
  lastTick(): number | undefined;
}

/** Notes when writes were refused. */
export function openRefusals(clock: Pick<Clock, "tick">): Refusals {
  const known = new WeakMap<Store, Store>();
  let lastTick: number | undefined;

  function wrapped(store: Store): Store {
    return {
      ...store,
      async write(fn, options) {
        try {
          return await store.write(fn, options);
        } catch (error) {
          if (isSkepError(error)) lastTick = clock.tick();
          throw error;
        }
      },
    };
  }

  return {
    noting(store) {
      const noted = known.get(store) ?? wrapped(store);
      known.set(store, noted);
      return noted;
    },
    lastTick: () => lastTick,
  };
}
