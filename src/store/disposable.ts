// A store whose file may be deleted while it is open: it would go on writing into a file that nobody sees any more.
import { fileAt } from "./in-place.ts";
import type { Store } from "./store.ts";

export interface DisposableStore {
  /**
   * The store on the file that lies there now: opened when it is first asked for, and anew when the file is gone or
   * another one. So ask for it each time. Rejects with what opening throws, and tries again the next time.
   */
  store(): Promise<Store>;
  /** Closes it, if it was ever opened. */
  close(): Promise<void>;
}

/** The store that `open` opens on the file at `path`. */
export function disposableStore(path: string, open: () => Promise<Store>): DisposableStore {
  let opened: Promise<Opened> | undefined;

  function openAfter(before: Promise<void>): Promise<Opened> {
    const opening = before.then(open).then((store) => ({ store, file: fileAt(path) }));
    opening.catch(() => {
      if (opened === opening) opened = undefined;
    });
    return opening;
  }

  return {
    async store() {
      for (;;) {
        const current = (opened ??= openAfter(Promise.resolve()));
        const { store, file } = await current;
        if (file !== undefined && file === fileAt(path)) return store;
        if (opened === current) opened = openAfter(store.close());
      }
    },
    async close() {
      const last = await opened?.catch(() => undefined);
      await last?.store.close();
    },
  };
}

interface Opened {
  store: Store;
  file: string | undefined;
}
