// A store whose file may be deleted or emptied while it is open: it would go on writing into what nobody sees any more.
import { fileAt, isEmptied } from "./in-place.ts";
import type { Store } from "./store.ts";

export interface DisposableStore {
  /**
   * The store on the file that lies there now: opened when it is first asked for, and anew when the file is gone,
   * emptied, or another one. So ask for it each time. Rejects with what opening throws, and tries again the next time.
   */
  store(): Promise<Store>;
  /** Closes it, if it was ever opened. */
  close(): Promise<void>;
}

/** The store that `open` opens on the file at `path`. */
export function disposableStore(path: string, open: () => Promise<Store>): DisposableStore {
  let opened: Promise<Opened> | undefined;

  function remember(newest: Promise<Store>): Promise<Opened> {
    const opening = newest.then((store) => ({ store, file: fileAt(path) }));
    opening.catch(() => {
      if (opened === opening) opened = undefined;
    });
    return opening;
  }

  async function openInsteadOf({ store, file }: Opened): Promise<Store> {
    if (file === undefined || file !== fileAt(path)) {
      await store.close();
      return open();
    }
    // Closing it would copy its log into the file that was emptied, and so damage it. Opening puts another in its place.
    try {
      return await open();
    } finally {
      await store.close();
    }
  }

  return {
    async store() {
      for (;;) {
        const current = (opened ??= remember(open()));
        const last = await current;
        if (last.file !== undefined && last.file === fileAt(path) && !isEmptied(path))
          return last.store;
        if (opened === current) opened = remember(openInsteadOf(last));
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
