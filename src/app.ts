// The wiring: opens the store, joins the parts to it, closes them in reverse. Nothing else knows everyone.
import { join } from "node:path";
import { ownCommand, withSkepOnPath } from "./agents/executable.ts";
import { type Agent, checkIdentity, inboxOfAgent, listAgents } from "./agents/registry.ts";
import { type Run, findLastRun, isSupervised } from "./agents/runs.ts";
import type { Ledger, Summary } from "./agents/shutdown.ts";
import type { Bus } from "./bus/bus.ts";
import { handBack } from "./bus/hand-back.ts";
import { conservation } from "./bus/inboxes.ts";
import { closeIntake, findDrain, openIntake } from "./bus/intake.ts";
import { closeAddressBook, createInbox, openAddressBook } from "./bus/ledger.ts";
import { openBus } from "./bus/open.ts";
import { parkAll, unparkAll } from "./bus/park.ts";
import { keepRetaining } from "./bus/retain.ts";
import { forgetWaiter } from "./bus/waiters.ts";
import { agentEnvironment, settingVariables } from "./config/environment.ts";
import type { Settings } from "./config/settings.ts";
import type { AgentSpec, Swarm } from "./config/swarm.ts";
import { type Clock, systemClock } from "./core/clock.ts";
import { SkepError } from "./core/errors.ts";
import { type Emitter, createEmitter } from "./core/events.ts";
import { ownIdentity } from "./core/identity.ts";
import type { Assignment } from "./hosts/runner.ts";
import { runtimeDriver } from "./store/runtime-driver.ts";
import { disposableStore } from "./store/disposable.ts";
import { vitalsFile } from "./store/files.ts";
import { unsupportedFilesystem } from "./store/filesystem.ts";
import { openStore } from "./store/open.ts";
import type { Store, Table } from "./store/store.ts";

export interface App {
  home: string;
  settings: Settings;
  clock: Clock;
  store: Store;
  bus: Bus;
  events: Emitter;
  /** The signs of life, in a file of their own that is opened, and made where it is missing, when it is asked for. Ask each time: it may have been deleted. Rejects with what `openStore` throws; nothing else fails with it. */
  vitals(): Promise<Store>;
  /** What somebody's own question answers, of the bus or, as `vitals.heartbeats`, of the signs of life. E_USAGE for anything else. */
  query(sql: string): Promise<Table>;
  /** The inbox that `name` works on: its own, unless it is an agent with a shared one. */
  inboxOfAgent(name: string): Promise<string>;
  /** Throws E_IDENTITY when `name` belongs to a running swarm and `token` does not prove it. */
  checkIdentity(name: string, token: string | undefined): Promise<void>;
  /** Runs `swarm` until it is told to stop or every agent has ended. E_RUNNING when one runs here already. */
  runSwarm(swarm: Swarm, signals: { signal: AbortSignal; urgent: AbortSignal }): Promise<Summary>;
  /** Stops the swarm that runs here, or finishes what its killed supervisor left; undefined when there is none. */
  stopSwarm(timeoutMs: number, signal: AbortSignal): Promise<Summary | undefined>;
  /** Every agent by name; none before the first `up`. */
  agents(): Promise<Agent[]>;
  /** The newest run, and whether its supervisor is alive; undefined before the first `up`. */
  lastRun(): Promise<(Run & { alive: boolean }) | undefined>;
  /** Closes everything in reverse. A short-lived command may leave that to its end. */
  close(): Promise<void>;
}

/** The kind of network or foreign file system that `path` lies on; undefined when a home may lie there. */
export const unfitFilesystem = unsupportedFilesystem;

/** Opens the swarm's state in `home`, creating it as needed; `skep` is what starts hosts. Throws what `openStore` throws. */
export async function openApp(
  home: string,
  settings: Settings,
  skep: readonly string[] = ownCommand(),
): Promise<App> {
  const clock = systemClock();
  const store = await openStore({ home, driver: runtimeDriver, clock, ...settings.store });
  const bus = await openBus(store, clock, settings.bus);
  const vitalsPath = join(home, vitalsFile.name);
  const vitals = disposableStore(vitalsPath, () =>
    openStore({
      home,
      file: vitalsFile,
      driver: runtimeDriver,
      clock,
      // What may be lost need not wait for the disk.
      durability: "process",
      busyTimeoutMs: settings.store.busyTimeoutMs,
    }),
  );
  const events = createEmitter();
  const ledger = ledgerOf(bus);
  const parts = { home, store, clock, events, ledger, skep, settings: settings.agents };
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
    checkIdentity: (name, token) => store.read((tx) => checkIdentity(tx, name, token)),
    // What starts and ends processes is loaded when it is asked for: sending a message needs none of it.
    async runSwarm({ name, file, agents }, signals) {
      const { supervise } = await import("./agents/supervisor.ts");
      const over = new AbortController();
      const retaining = keepRetaining(bus, over.signal);
      try {
        const plan = { name, file, members: agents.map(memberOf) };
        return await supervise(plan, { ...parts, ...signals });
      } finally {
        over.abort();
        await retaining;
      }
    },
    async stopSwarm(timeoutMs, signal) {
      const { stopSwarm } = await import("./agents/down.ts");
      return stopSwarm(parts, timeoutMs, signal);
    },
    agents: () => store.read(listAgents),
    async lastRun() {
      const run = await store.read(findLastRun);
      return run === undefined ? undefined : { ...run, alive: isSupervised(run, clock.boot) };
    },
    async close() {
      bus.doorbell.close();
      await vitals.close();
      await store.close();
    },
  };
}

/** What the bus does in the transactions of a run. When an agent dies, this is where its leases go back. */
function ledgerOf(bus: Bus): Ledger {
  return {
    async begin(tx, names, inboxes) {
      if ((await findDrain(tx)) !== undefined)
        throw new SkepError("E_DRAINING", "the bus is drained: no swarm can start here", {
          hint: "skep resume opens it again; then skep up.",
        });
      for (const inbox of inboxes) await createInbox(tx, inbox);
      // Whoever claimed under the name of an agent before there was one would have its lease renewed by the agent's host.
      for (const name of names)
        await handBack(tx, bus.settings, name, "returned", `${name} is an agent now`);
      await unparkAll(tx, "run");
      await openIntake(tx);
      await closeAddressBook(tx);
    },
    stopIntake: (tx, deadlineTick) => closeIntake(tx, deadlineTick),
    handBack: async (tx, name, reason) =>
      void (await handBack(tx, bus.settings, name, "died", reason)),
    forgetWaiter,
    park: (tx, run, inboxes) => parkAll(tx, bus.settings, run, inboxes),
    async end(tx) {
      await openIntake(tx);
      await openAddressBook(tx);
    },
    conservation,
  };
}

function memberOf(spec: AgentSpec) {
  const { name, runner, inbox, cwd, env } = spec;
  return {
    name,
    runner,
    inbox,
    cwd,
    // A module runs in its host, and sees what any other program of the agent would.
    hostEnv: withSkepOnPath(
      agentEnvironment(runner === "module" ? env : undefined, settingVariables()),
    ),
    assignment: (identity: Record<string, string>) => {
      const own = withSkepOnPath(agentEnvironment(env, identity));
      const assignment: Assignment = { spec, env: own, supervisor: ownIdentity() };
      return JSON.stringify(assignment);
    },
  };
}
