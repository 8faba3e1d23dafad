// Homes for measuring, and the bus in them, opened as every skep command opens it.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Bus } from "../src/bus/bus.ts";
import type { BusSettings } from "../src/bus/message.ts";
import { openBus } from "../src/bus/open.ts";
import { defaults } from "../src/config/settings.ts";
import { systemClock } from "../src/core/clock.ts";
import { libc } from "../src/core/libc.ts";
import { bunDriver } from "../src/store/driver-bun.ts";
import { openStore } from "../src/store/open.ts";

/** Runs `work` with the path of a new home, which is removed afterwards. It lies where the reference programs put theirs. */
export async function withHome<T>(work: (home: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(process.env["BENCH_DIR"] ?? tmpdir(), "skep-bench-"));
  try {
    return await work(join(folder, "home"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The bus in `home`, with every promise on and room for whatever is measured. */
export async function openBenchBus(home: string): Promise<Bus> {
  const clock = systemClock();
  const store = await openStore({ home, driver: bunDriver, clock, ...defaults.store });
  const roomy: BusSettings = { ...defaults.bus, inboxCap: 1_000_000, inboxBytes: 2 ** 40 };
  return await openBus(store, clock, roomy);
}

/** Closes what `openBenchBus` opened. */
export async function closeBenchBus(bus: Bus): Promise<void> {
  bus.doorbell.close();
  await bus.store.close();
}

/** Milliseconds with fractions on a clock that all processes of the machine share. */
export function monotonicMs(): number {
  const c = libc();
  if (c === undefined) throw new Error("this system has no clock that processes share");
  return c.monotonicMs();
}

/** The body that the reference programs send as well: 256 bytes. */
export const body = Buffer.alloc(256, 65);
