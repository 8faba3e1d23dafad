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
    const [connections, newcomers]: Connection[][] = [[], []];
    const how = {
      home,
      file: vitalsFile,
      clock,
      durability: "process",
      busyTimeoutMs: 100_000,
    } as const;
    const path = join(home, vitalsFile.name);
    const driver = driverInto(connections!);
    const disposable = disposableStore(path, () => openStore({ ...how, driver }));
    opened.push(disposable);
    const all = (sql: string) => {
      for (const connection of connections!) connection.exec(sql);
    };
    let areBarred = false;
    return {
      clock,
      path,
      vitals: () => disposable.store(),
      /** Another one on the same file, which refuses nothing unless newcomers are barred. */
      async openVitals() {
        const other = await openStore({ ...how, driver: driverInto(newcomers!) });
        if (areBarred) newcomers!.at(-1)!.exec("pragma query_only = on");
        return other;
      },
      barNewcomers: (isBarred: boolean) => void (areBarred = isBarred),
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

/** The driver of the tests, which notes whatever it opens. */
function driverInto(connections: Connection[]): Driver {
  return {
    open(path, options) {
      const connection = testDriver.open(path, options);
      connections.push(connection);
      return connection;
    },
  };
}
