// The wiring: opens the store, joins the parts to it, closes them in reverse. Nothing else knows everyone.
import { join } from "node:path";
import { ownCommand } from "./agents/executable.ts";
import type { Replan } from "./agents/crew.ts";
import type { Done, Wish } from "./agents/orders.ts";
import {
  type Agent,
  checkIdentity,
  inboxOfAgent,
  listAgents,
  unwatched,
} from "./agents/registry.ts";
import {
  type Run,
  countsOfLastRun,
  findLastRun,
  findOpenRun,
  guardianOf,
  isGoingDown,
  isHalted,
  isOfHere,
  isSupervised,
  runsAlready,
} from "./agents/runs.ts";
import type { Summary } from "./agents/shutdown.ts";
import type { Bus } from "./bus/bus.ts";
import { openBus } from "./bus/open.ts";
import { keepRetaining } from "./bus/retain.ts";
import type { Settings } from "./config/settings.ts";
import type { Swarm } from "./config/swarm.ts";
import { type Clock, systemClock } from "./core/clock.ts";
import { type Emitter, createEmitter } from "./core/events.ts";
import type { Secret } from "./core/secret.ts";
import { isAlive } from "./core/identity.ts";
import { runtimeDriver } from "./store/runtime-driver.ts";
import { disposableStore } from "./store/disposable.ts";
import { vitalsFile } from "./store/files.ts";
import { openRefusals } from "./store/refusals.ts";
import {
  freeBytes as freeBytesAt,
  homeFault as faultOfHome,
  unsupportedFilesystem,
} from "./store/filesystem.ts";
import { type OpenOptions as StoreOptions, openStore } from "./store/open.ts";
import type { Store, Table } from "./store/store.ts";
import { writingFault } from "./store/writing.ts";

export interface App {
  home: string;
  settings: Settings;
  clock: Clock;
  store: Store;
  bus: Bus;
  events: Emitter;
  /** The signs of life and the metrics, in a file of their own that is opened, and made where it is missing, when it is asked for. Ask each time: it may have been deleted. Rejects with what `openStore` throws; nothing else fails with it. */
  vitals(): Promise<Store>;
  /** What somebody's own question answers, of the bus or, as `vitals.heartbeats` or `vitals.metrics`, of what is in the other file. E_USAGE for anything else. */
  query(sql: string): Promise<Table>;
  /** The inbox that `name` works on: its own, unless it is an agent with a shared one. */
  inboxOfAgent(name: string): Promise<string>;
  /** Throws E_IDENTITY when `name` belongs to a running swarm and `token` does not prove it. */
  checkIdentity(name: string, token: Secret | undefined): Promise<void>;
  /** Whether the swarm `name` is up here already. E_RUNNING when another one is or it is going down, E_DRAINING when none can start. */
  isUp(name: string): Promise<boolean>;
  /** Runs `swarm` until it is told to stop or every agent has ended. E_RUNNING when one runs here already. */
  runSwarm(swarm: Swarm, how: RunOptions): Promise<Summary>;
  /** Finishes the run that a killed supervisor left behind; undefined when none is open. `because` is why it could not go on. E_RUNNING when its supervisor is alive, or its guardian starts it again. */
  reapSwarm(because?: string): Promise<Summary | undefined>;
  /** Has the supervisor of the swarm that runs here do what `wish` says: how it went. E_NOT_FOUND when none runs, or it has no such agent; E_RUNNING when it goes down. */
  order(wish: Wish, signal: AbortSignal): Promise<Done>;
  /** Stops the swarm that runs here, or finishes what its killed supervisor left; undefined when there is none. */
  stopSwarm(timeoutMs: number, signal: AbortSignal): Promise<Summary | undefined>;
  /** Every agent by its group, and there by its number; none before the first `up`. */
  agents(): Promise<Agent[]>;
  /** The newest run, and how its supervisor is; undefined before the first `up`. */
  lastRun(): Promise<LastRun | undefined>;
  /** Closes everything in reverse. A short-lived command may leave that to its end. */
  close(): Promise<void>;
}

/** A run with what can be seen of its supervisor. */
export interface LastRun extends Run {
  alive: boolean;
  /** Whether it is stopped by a signal, and sees to nothing. */
  halted: boolean;
  /** Whether it is dead, and its guardian starts it again. */
  returns: boolean;
}

export interface RunOptions {
  /** Aborts when the swarm is to go down; the second one when it is not to wait. */
  signal: AbortSignal;
  urgent: AbortSignal;
  /** The process that starts the supervisor again when it is killed. */
  guardianPid?: number | undefined;
  /** Where its guardian keeps the swarm as it was last applied. */
  applied?: string | undefined;
  /** Whether it goes on with what a killed supervisor was told of it: how many agents a group has, and who is paused. */
  again?: boolean | undefined;
}

/** The SQLite of this runtime. */
export { runtimeDriver };

/** The kind of network or foreign file system that `path` lies on; undefined when a home may lie there. */
export const unfitFilesystem = unsupportedFilesystem;

/** Why no home can be at `path`, or undefined; and how many bytes are free there. Neither leaves anything. */
export const homeFault = (path: string) => faultOfHome(path) ?? writingFault(path);
export const freeBytes = freeBytesAt;

type OpeningOptions = Pick<StoreOptions, "acceptLoss" | "essential" | "keepModes" | "onClosed"> & {
  /** The run of the swarm that started this process: its governor holds this one back, too. */
  run?: string | undefined;
};

/**
 * Opens the swarm's state in `home`, creating it as needed; `skep` is what starts hosts. `acceptLoss` goes on where messages that were accepted are
 * missing, `essential` is for what ends work, also on a full disk, `keepModes` for what only looks. Throws what `openStore` and `openBus` throw.
 */
export async function openApp(
  home: string,
  settings: Settings,
  skep: readonly string[] = ownCommand(),
  { acceptLoss, essential, keepModes, onClosed, run }: OpeningOptions = {},
): Promise<App> {
  const clock = systemClock();
  const how = { home, driver: runtimeDriver, clock, acceptLoss, essential, keepModes, onClosed };
  const store = await openStore({ ...how, ...settings.store });
  const { mode, pauseMaxMs } = settings.governor;
  const holding = run === undefined || mode === "off" ? undefined : { run, pauseMaxMs };
  const bus = await openBus(store, clock, settings.bus, { acceptLoss, holding });
  const vitalsPath = join(home, vitalsFile.name);
  const openVitals = () =>
    openStore({
      home,
      file: vitalsFile,
      driver: runtimeDriver,
      clock,
      keepModes,
      // What may be lost need not wait for the disk.
      durability: "process",
      busyTimeoutMs: settings.store.busyTimeoutMs,
    });
  const vitals = disposableStore(vitalsPath, openVitals);
  const refusals = openRefusals(clock);
  const noted = async () => refusals.noting(await vitals.store());
  const events = createEmitter();
  // What a whole swarm is run with is loaded when it is asked for: sending a message, or hosting, needs none of it.
  const partsOf = async () => ({
    home,
    store,
    vitals: noted,
    openVitals,
    vitalsRefusedTick: refusals.lastTick,
    clock,
    events,
    ledger: (await import("./app/ledger.ts")).ledgerOf(bus),
    skep,
    settings: { ...settings.agents, governor: settings.governor },
  });
  return {
    home,
    settings,
    clock,
    store,
    bus,
    events,
    vitals: () => vitals.store(),
    async query(sql) {
      // Whoever asks about something else is not to hear of a damaged one.
      if (!/\bvitals\b/i.test(sql)) return store.query(sql);
      await vitals.store();
      return store.query(sql, { vitals: vitalsPath });
    },
    inboxOfAgent: (name) => store.read((tx) => inboxOfAgent(tx, name)),
    checkIdentity: (name, token) => store.read((tx) => checkIdentity(tx, name, token?.reveal())),
    async isUp(name) {
      const { checkNotDrained } = await import("./app/ledger.ts");
      return await store.read(async (tx) => {
        const run = await findOpenRun(tx);
        const isThere = run !== undefined && isSupervised(run, clock.boot, clock.tick());
        if (!isThere) await checkNotDrained(tx);
        if (isThere && (run.swarm !== name || isGoingDown(run)))
          throw runsAlready(run, clock.tick());
        return isThere;
      });
    },
    async runSwarm(swarm, { again = false, ...how }) {
      const { supervise } = await import("./agents/supervisor.ts");
      const { planOf } = await import("./app/plan.ts");
      const { countMax } = settings.agents;
      const counts = again ? await store.read(countsOfLastRun) : {};
      const { readSwarmFile } = await import("./config/swarm-file.ts");
      const { keepApplied } = await import("./config/applied-swarm.ts");
      let { source } = swarm;
      const replan: Replan = async ({ file, counts: wanted, anew }) => {
        const options = { counts: wanted, countMax, source: anew ? undefined : source };
        const now = await readSwarmFile(file, options);
        const keep = () => {
          if (anew) keepApplied(how.applied, now);
          source = now.source;
        };
        return { plan: planOf(now), keep };
      };
      const isAsInFile = Object.keys(counts).length === 0;
      const plan = isAsInFile
        ? planOf(swarm)
        : (await replan({ file: swarm.file, counts, anew: false })).plan;
      keepApplied(how.applied, swarm);
      const over = new AbortController();
      const retaining = keepRetaining(bus, over.signal);
      const { collect } = await import("./app/collect.ts");
      const { openGrowth } = await import("./metrics/alerts/growth.ts");
      const { superviseAlerts } = await import("./app/alerts.ts");
      const { openNotifier } = await import("./app/notify.ts");
      const { openStrain } = await import("./core/strain.ts");
      const growth = openGrowth(settings.alerts);
      const plain = { home, bus, store, clock, events, vitals: noted, settings };
      const notifier = openNotifier(plain);
      const parts = { ...plain, growth, notifier };
      const collecting = collect(parts, over.signal);
      const alerting = superviseAlerts(parts, over.signal);
      try {
        const parts = { ...(await partsOf()), ...how, strain: openStrain() };
        return await supervise(plan, { ...parts, again, counts, replan });
      } finally {
        over.abort();
        await retaining;
        await collecting;
        await alerting;
        await notifier.end();
      }
    },
    async order(wish, signal) {
      const { order } = await import("./agents/order.ts");
      return order(await partsOf(), wish, signal);
    },
    async stopSwarm(timeoutMs, signal) {
      const { stopSwarm } = await import("./agents/down.ts");
      return stopSwarm(await partsOf(), timeoutMs, signal);
    },
    async reapSwarm(because) {
      const { reapDeadRun } = await import("./agents/shutdown.ts");
      return reapDeadRun(await partsOf(), because);
    },
    async agents() {
      const { agents, run } = await store.read(async (tx) => ({
        agents: await listAgents(tx),
        run: await findOpenRun(tx),
      }));
      const isWatched = run === undefined || isSupervised(run, clock.boot, clock.tick());
      if (isWatched) return agents;
      const returns = run.state === "running" && guardianOf(run, clock.boot) !== undefined;
      return unwatched(agents, isOfHere(run, clock.boot) ? isAlive : () => false, returns);
    },
    async lastRun() {
      const run = await store.read(findLastRun);
      if (run === undefined) return undefined;
      const alive = isSupervised(run, clock.boot, clock.tick());
      const returns =
        !alive && run.state === "running" && guardianOf(run, clock.boot) !== undefined;
      return { ...run, alive, halted: alive && isHalted(run, clock.boot), returns };
    },
    async close() {
      bus.doorbell.close();
      await vitals.close();
      await store.close();
    },
  };
}
