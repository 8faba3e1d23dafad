import { expect, test } from "bun:test";
import type { Crew } from "../../src/agents/crew.ts";
import { closeRun, findRun, openRun } from "../../src/agents/runs.ts";
import { drain } from "../../src/agents/stop.ts";
import { ledgerOf } from "../../src/app/ledger.ts";
import type { Bus } from "../../src/bus/bus.ts";
import { whyClosed } from "../../src/bus/intake.ts";
import { ownIdentity, pidNamespace } from "../../src/core/identity.ts";
import type { Store } from "../../src/store/store.ts";
import { lockedBus } from "../helpers/locked-bus.ts";
import { tempBuses } from "../helpers/temp-bus.ts";

const { liveBus } = tempBuses();

function open({ write }: Store): Promise<number> {
  const place = { boot: "b", namespace: pidNamespace(), guardianPid: null };
  const described = { swarm: "s", file: "/s.toml", mark: "m", ...place, ...ownIdentity() };
  return write((tx) => openRun(tx, described));
}

/** The crew of `run`, which has no agents. */
function crewOf(bus: Bus, run: number, store: Store = bus.store) {
  const urgent = new AbortController();
  const crew = {
    run: { id: run, mark: "m" },
    charges: new Map(),
    hosting: { hosts: () => [], ended: async () => {} },
    record: { settled: async () => {} },
    supervision: {
      store,
      ledger: ledgerOf(bus),
      settings: { drainTimeoutMs: 1_000 },
      urgent: urgent.signal,
    },
    stopping: false,
  } as unknown as Crew;
  return { crew, hurry: () => urgent.abort() };
}

test("a drain waits for a database that is locked, and nobody is ended for it meanwhile", async () => {
  const bus = await liveBus();
  const run = await open(bus.store);
  const { impatient, refused, unlock } = lockedBus(bus);
  const { crew } = crewOf(bus, run, impatient);
  const draining = drain(crew);
  await refused;
  expect(crew.stopping).toBe(false);
  unlock();
  await draining;
  expect(crew.stopping).toBe(true);
  expect(await bus.store.read((tx) => findRun(tx, run))).toMatchObject({ state: "stopping" });
});

test("once it is urgent a drain waits neither for the lock nor for what is yet to be written", async () => {
  const bus = await liveBus();
  const { impatient, refused, unlock } = lockedBus(bus);
  const { crew, hurry } = crewOf(bus, 1, impatient);
  crew.record.settled = () => new Promise(() => {});
  const draining = drain(crew);
  hurry();
  await refused;
  await expect(draining).rejects.toMatchObject({ code: "E_BUSY" });
  unlock();
});

test("who was taken for dead stops nothing of the run that came after", async () => {
  const bus = await liveBus();
  const run = await open(bus.store);
  await bus.store.write((tx) => closeRun(tx, run, "{}"));
  const next = await open(bus.store);
  const { crew } = crewOf(bus, run);
  await expect(drain(crew)).rejects.toMatchObject({
    code: "E_RUNNING",
    message: `run ${run} was ended by somebody else`,
  });
  expect(await bus.store.read(whyClosed)).toBeNull();
  expect(await bus.store.read((tx) => findRun(tx, next))).toMatchObject({ state: "running" });
});
