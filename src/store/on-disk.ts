// One commit that waits for the disk, on a connection whose commits do not.
import type { Session } from "./session.ts";

/** Does `work`, a transaction of `writer` from its begin to its end, with a commit that a power cut does not take back; whatever comes of it, the next one is as usual. */
export async function onDisk<T>(writer: Session, work: () => Promise<T>): Promise<T> {
  // Before the begin, for within a transaction SQLite leaves it as it is.
  writer.set("synchronous = full");
  try {
    return await work();
  } finally {
    writer.set("synchronous = normal");
  }
}
