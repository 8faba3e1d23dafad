// A vitals.db that can be made to refuse, as SQLite itself refuses, and be taken away.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { after } from "node:test";
import { type DisposableStore, disposableStore } from "../../src/store/disposable.ts";
import type { Connection, Driver } from "../../src/store/driver.ts";
import { vitalsFile } from "../../src/store/files.ts";
import { openStore } from "../../src/store/open.ts";
import { handClock } from "./temp-bus.ts";
import { tempHomes } from "./temp-home.ts";
import { testDriver } from "./test-driver.ts";

/** A function that opens a new one each time, on a clock that the test moves. To be called where tests are declared. */
export function refusingVitals() {
  const tempHome = tempHomes();
  const opened: DisposableStore[] = [];
  after(async () => {
    for (const store of opened) await store.close();
  });

  return () => {
    const [clock, home] = [handClock(), tempHome()];
    const connections: Connection[] = [];
    const driver: Driver = {
      open(path, options) {
        const connection = testDriver.open(path, options);
        connections.push(connection);
        return connection;
      },
    };
    const how = { home, file: vitalsFile, driver, clock, durability: "process" } as const;
    const path = join(home, vitalsFile.name);
    const disposable = disposableStore(path, () => openStore({ ...how, busyTimeoutMs: 5_000 }));
    opened.push(disposable);
    const all = (sql: string) => {
      for (const connection of connections) connection.exec(sql);
    };
    return {
      clock,
      path,
      vitals: () => disposable.store(),
      /** Another one on the same file, which refuses nothing. */
      openVitals: () => openStore({ ...how, driver: testDriver, busyTimeoutMs: 5_000 }),
      /** It may grow by no page more, until there is `room` again. */
      fill: () => all("pragma max_page_count = 1"),
      room: () => all("pragma max_page_count = 1000000"),
      forbid: () => all("pragma query_only = on"),
      allow: () => all("pragma query_only = off"),
      remove: () => {
        for (const end of ["", "-wal", "-shm"]) rmSync(`${path}${end}`, { force: true });
      },
    };
  };
}
