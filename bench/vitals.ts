// A vitals.db with as many points as are to be measured over.
import { systemClock } from "../src/core/clock.ts";
import { recordPoints } from "../src/metrics/record.ts";
import { bunDriver } from "../src/store/driver-bun.ts";
import { vitalsFile } from "../src/store/files.ts";
import { openStore } from "../src/store/open.ts";
import type { Store } from "../src/store/store.ts";

const hourMs = 3_600_000;

/** The numbers from 0 on, `$count` of them, as a table to select from. */
export const numbers = `with recursive numbers (n) as
  (select 0 union all select n + 1 from numbers where n < $count - 1)`;

/** The vitals.db of `home`, as every command opens it. */
export function openVitals(home: string): Promise<Store> {
  const how = { durability: "process", busyTimeoutMs: 10_000 } as const;
  return openStore({ home, file: vitalsFile, driver: bunDriver, clock: systemClock(), ...how });
}

/** Records `count` points of 50 series, of the last half hour. */
export async function fillPoints(store: Store, count: number): Promise<void> {
  const series = Array.from({ length: 50 }, (_, n) => ({
    name: `bench.metric_${n % 10}`,
    value: n,
    unit: "ms",
    agent: `agent-${n % 5}`,
    tags: { n: `${n}` },
  }));
  await store.write((tx) => recordPoints(tx, series));
  await store.write((tx) =>
    tx.run(
      `${numbers} insert into points (at, series, value)
       select $now - ${hourMs} / 2 + n * ${hourMs / 2} / $count, 1 + n % 50, abs(random()) % 1000000 / 1000.0 from numbers`,
      { count, now: tx.now },
    ),
  );
}
