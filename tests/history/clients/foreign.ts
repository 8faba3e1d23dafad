// A program that knows nothing of skep's queue and holds the write lock now and then: `bun foreign.ts BUS.DB SEED`.
import { Database } from "bun:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { randomOf } from "../../proof/random.ts";

const [path, seed] = process.argv.slice(2) as [string, string];
const random = randomOf(Number(seed));
const db = new Database(path, { readwrite: true, create: false });
db.run("pragma busy_timeout = 5000");
process.on("SIGTERM", () => {
  db.close();
  process.exit(0);
});

/** Whether it got the write lock. It stands in no line, and in a crowd others may be quicker for as long as it waits. */
function begins(): boolean {
  try {
    db.run("begin immediate");
    return true;
  } catch (error) {
    if ((error as { code?: string }).code === "SQLITE_BUSY") return false;
    throw error;
  }
}

for (;;) {
  await sleep(random.whole(20, 200));
  if (!begins()) continue;
  db.run("update meta set value = value where key = 'boot'");
  // Longer than SQLite waits for a lock by itself, now and then.
  await sleep(random.share() < 0.4 ? random.whole(120, 300) : random.whole(2, 25));
  db.run("commit");
}
