// A bus that somebody else has locked, and a store on it that soon gives up.
import { Database } from "bun:sqlite";
import { join } from "node:path";
import type { Store } from "../../src/store/store.ts";

/** A store that waits for 20 ms, on the bus in `home` that is locked from now on until it is unlocked. */
export function lockedBus({ home, store }: { home: string; store: Store }) {
  const other = new Database(join(home, "bus.db"));
  other.exec("pragma busy_timeout = 100000");
  other.exec("begin immediate");
  const refused = Promise.withResolvers<void>();
  const impatient: Store = {
    ...store,
    write: (fn, options) => {
      const written = store.write(fn, { ...options, timeoutMs: 20 });
      written.catch(refused.resolve);
      return written;
    },
  };
  return {
    impatient,
    /** Resolves when it was refused for the first time. */
    refused: refused.promise,
    unlock() {
      other.exec("rollback");
      other.close();
    },
  };
}
