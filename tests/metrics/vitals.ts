// A vitals.db in a home of its own, on a clock that the test moves.
import { after } from "node:test";
import type { Clock } from "../../src/core/clock.ts";
import type { Point } from "../../src/metrics/point.ts";
import { vitalsFile } from "../../src/store/files.ts";
import { openStore } from "../../src/store/open.ts";
import type { Store } from "../../src/store/store.ts";
import { handClock } from "../helpers/temp-bus.ts";
import { tempHomes } from "../helpers/temp-home.ts";
import { testDriver } from "../helpers/test-driver.ts";

/** A function that opens a new one each time. To be called where tests are declared. */
export function vitalsStores() {
  const tempHome = tempHomes();
  const opened: Store[] = [];
  after(async () => {
    for (const store of opened) await store.close();
  });
  return async () => {
    const clock = handClock();
    const store = await openVitals(tempHome(), clock);
    opened.push(store);
    return { clock, store };
  };
}

/** The vitals.db of `home`. */
export function openVitals(home: string, clock: Clock): Promise<Store> {
  const file = vitalsFile;
  const options = { durability: "process", busyTimeoutMs: 100_000 } as const;
  return openStore({ home, file, driver: testDriver, clock, ...options });
}

/** A point that somebody emitted. */
export function pointOf(name: string, value: number, rest: Partial<Point> = {}): Point {
  return { name, value, unit: "ms", agent: null, tags: {}, ...rest };
}
