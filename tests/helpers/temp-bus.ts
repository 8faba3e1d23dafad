// Buses in homes of their own, with a clock that the test moves or with the machine's. Under every test runner.
import { existsSync } from "node:fs";
import { afterEach } from "node:test";
import type { Bus } from "../../src/bus/bus.ts";
import { type Doorbell, openDoorbell } from "../../src/bus/doorbell.ts";
import type { BusSettings } from "../../src/bus/message.ts";
import { openBus } from "../../src/bus/open.ts";
import { type Clock, systemClock } from "../../src/core/clock.ts";
import { testDriver } from "./test-driver.ts";
import { openStore } from "../../src/store/open.ts";
import { testSettings } from "../fixtures/bus/bus.ts";
import { auditLedger } from "./audit-ledger.ts";
import { tempHomes } from "./temp-home.ts";

/** A clock that stands still until it is moved. */
export interface HandClock extends Clock {
  boot: string;
  /** Lets time pass, on the wall and since boot. */
  pass(ms: number): void;
  /** Sets the wall clock forward or back; no time passes. */
  stepWall(ms: number): void;
}

export interface TempBus extends Bus {
  home: string;
}

export interface HandBus extends TempBus {
  clock: HandClock;
}

/** A clock at some moment of some boot. */
export function handClock(): HandClock {
  let now = 1_700_000_000_000;
  let tick = 5_000_000;
  return {
    boot: "first boot",
    now: () => now,
    tick: () => tick,
    pass(ms) {
      now += ms;
      tick += ms;
    },
    stepWall(ms) {
      now += ms;
    },
  };
}

/**
 * Openers of new buses: `handBus` with a clock that stands still, `liveBus` with the machine's, `neighbour` for a second process beside one.
 * To be called where tests are declared: after each test the ledgers of its buses are audited, and all of them are closed. `closeAll` does
 * that in the middle of one. `forgets` is for those whose past is pruned.
 */
export function tempBuses({ forgets = false } = {}) {
  const newHome = tempHomes(existsSync("/dev/shm") ? "/dev/shm" : undefined);
  let open: TempBus[] = [];
  const doorbells: Doorbell[] = [];

  const close = async () => {
    const buses = open;
    open = [];
    for (const doorbell of doorbells.splice(0)) doorbell.close();
    for (const { store, doorbell } of buses) {
      doorbell.close();
      await store.close();
    }
  };
  const closeAll = async () => {
    try {
      for (const bus of open) await auditLedger(bus, { forgets });
    } finally {
      await close();
    }
  };
  afterEach(closeAll);

  async function newBus<C extends Clock>(
    clock: C,
    settings: Partial<BusSettings>,
  ): Promise<TempBus & { clock: C }> {
    const home = newHome();
    const store = await openStore({
      home,
      driver: testDriver,
      clock,
      durability: "process",
      // Another process may have the lock and be put off for long.
      busyTimeoutMs: 100_000,
    });
    const bus = await openBus(store, clock, { ...testSettings, ...settings });
    const made = { ...bus, clock, home };
    open.push(made);
    return made;
  }

  return {
    closeAll,
    /** A bus on a clock that stands still. */
    handBus: (settings: Partial<BusSettings> = {}): Promise<HandBus> =>
      newBus(handClock(), settings),
    /** A bus on the machine's clock. */
    liveBus: (settings: Partial<BusSettings> = {}): Promise<TempBus> =>
      newBus(systemClock(), settings),
    /** The bus as the process `pid` has it: with a doorbell of its own. */
    neighbour<B extends Bus>(bus: B, pid: number): B {
      const doorbell = openDoorbell();
      doorbells.push(doorbell);
      return { ...bus, doorbell, self: { pid, startTime: 0 } };
    },
  };
}
