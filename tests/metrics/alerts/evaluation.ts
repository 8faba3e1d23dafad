// Evaluations of what the test says is wrong, over a vitals.db that refuses when it is told to.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { after } from "node:test";
import { defaults } from "../../../src/config/settings.ts";
import { openEvaluation } from "../../../src/metrics/alerts/evaluate.ts";
import { openGrowth } from "../../../src/metrics/alerts/growth.ts";
import type { Look } from "../../../src/metrics/alerts/readings.ts";
import { listAlerts } from "../../../src/metrics/alerts/record.ts";
import { type DisposableStore, disposableStore } from "../../../src/store/disposable.ts";
import type { Connection, Driver } from "../../../src/store/driver.ts";
import { vitalsFile } from "../../../src/store/files.ts";
import { openStore } from "../../../src/store/open.ts";
import { handClock } from "../../helpers/temp-bus.ts";
import { tempHomes } from "../../helpers/temp-home.ts";
import { testDriver } from "../../helpers/test-driver.ts";
import { lookAt } from "./look-at.ts";

export type Depths = Record<string, number>;

/** Functions that open a new one each time. To be called where tests are declared. */
export function evaluations() {
  const tempHome = tempHomes();
  const opened: DisposableStore[] = [];
  after(async () => {
    for (const store of opened) await store.close();
  });

  /** A vitals.db that can be made to refuse, as SQLite itself refuses. */
  function newVitals() {
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
      /** It may grow by no page more, until there is `room` again. */
      fill: () => all("pragma max_page_count = 1"),
      room: () => all("pragma max_page_count = 1000000"),
      forbid: () => all("pragma query_only = on"),
      allow: () => all("pragma query_only = off"),
      remove: () => {
        for (const end of ["", "-wal", "-shm"]) rmSync(`${path}${end}`, { force: true });
      },
    };
  }

  /** An evaluation of what lies in inboxes, of which more than 1,000 is too much. */
  function newEvaluation(file = newVitals()) {
    const { clock } = file;
    const told: string[] = [];
    let depths: Depths = {};
    let rest: Partial<Look> = {};
    const settings = { ...defaults.alerts, cooldownMs: 0 };
    const evaluation = openEvaluation({
      clock,
      vitals: file.vitals,
      look: async () => lookAt(clock.tick(), depths, rest),
      growth: openGrowth(settings),
      async tell(transitions) {
        for (const { subject, state } of transitions) told.push(`${subject} ${state}`);
      },
      settings,
    });
    return {
      ...file,
      /** What was told since it was last asked. */
      told: () => told.splice(0),
      /** A pass, 2 s after the one before, with so much in the inboxes. */
      async pass(now: Depths, also: Partial<Look> = {}): Promise<void> {
        [depths, rest] = [now, also];
        clock.pass(2_000);
        await evaluation.pass();
      },
      async rows(): Promise<string[]> {
        const alerts = await (await file.vitals()).read((tx) => listAlerts(tx, 10_000));
        return alerts.map(({ subject, state }) => `${subject} ${state}`).sort();
      },
    };
  }

  return { newVitals, newEvaluation };
}
