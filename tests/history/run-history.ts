// One run: a new home, its clients and what stands in their way, and the history of it all.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Bus } from "../../src/bus/bus.ts";
import { createInbox } from "../../src/bus/ledger.ts";
import { openBus } from "../../src/bus/open.ts";
import { subscribeTx } from "../../src/bus/subscribe.ts";
import { systemClock } from "../../src/core/clock.ts";
import { openStore } from "../../src/store/open.ts";
import { runtimeDriver } from "../../src/store/runtime-driver.ts";
import { randomOf } from "../proof/random.ts";
import type { ClientPlan } from "./clients/client.ts";
import { perform } from "./clients/perform.ts";
import { newCrew } from "./crew.ts";
import { stateAfterCut } from "./cut.ts";
import { finishAll } from "./finish.ts";
import { type History, type Overfull, callsOf, historyOf } from "./history.ts";
import { watchBounds } from "./monitor.ts";
import { openRecorder, readRecord } from "./record.ts";
import { type Shape, keptInbox, settingsOf, topic } from "./shape.ts";
import { readState } from "./state.ts";

export interface Told {
  history: History;
  kills: number;
}

/** What ends the runs that are under way, at once. */
const open = new Set<() => void>();

// Whoever stops a run leaves nothing behind either.
process.on("exit", () => {
  for (const end of open) end();
});

/** Has the clients of `shape` do their calls, as `seed` decides. `command` is what runs skep; without it nobody runs commands. */
export async function tellHistory(
  shape: Shape,
  seed: number,
  command: readonly string[] | undefined,
): Promise<Told> {
  const folder = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "skep-history-"));
  const [home, records] = ["home", "records"].map((name) => join(folder, name)) as [string, string];
  mkdirSync(records);
  const random = randomOf(seed);
  const bus = await openIn(home, shape);
  const keeper = openRecorder(records, "keeper");
  const crew = newCrew(random, (names) => handBackSome(names));
  const foreign = shape.foreign ? startForeign(home, seed) : undefined;

  // Now and then somebody sees that a client is dead, and gives back what it held.
  async function handBackSome(names: string[]): Promise<void> {
    for (const holder of names) {
      if (random.share() < 0.7) continue;
      const step = { op: "hand-back", args: { holder } };
      await keeper.call(step.op, step.args, () => perform(bus, "keeper", step));
    }
  }

  const end = () => {
    void crew.killAll();
    foreign?.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  };
  open.add(end);
  const calm = new AbortController();
  let [watching, disturbing]: [Promise<Overfull[]>?, Promise<void>?] = [];

  try {
    for (const plan of plansOf(shape, command)) crew.start({ home, records, shape, ...plan });
    watching = watchBounds(bus, calm.signal);
    if (shape.spareCalls > 0) disturbing = crew.disturb(calm.signal);
    await crew.done();
    calm.abort();
    await disturbing;
    await crew.endWarden();
    foreign?.kill("SIGTERM");
    await foreign?.exited;
    const finish = await finishAll(bus, openRecorder(records, "finish"), shape);
    const overfull = await watching;
    const state = await readState(bus.store, shape.forgets);
    const cut = shape.cut ? await stateAfterCut(home, random) : undefined;
    const events = readdirSync(records).flatMap((name) => readRecord(join(records, name)));
    const faults = events.filter(({ type }) => type === "fault");
    const settings = bus.settings;
    const rules = {
      cap: settings.inboxCap,
      capBytes: settings.inboxBytes,
      bodyBytesMax: settings.bodyBytesMax,
      maxAttempts: settings.maxAttempts,
      forgets: shape.forgets,
    };
    const calls = callsOf(events);
    const history = historyOf({ calls, faults, overfull, state, cut, finish, rules });
    return { history, kills: faults.filter(({ op }) => op.startsWith("kill")).length };
  } finally {
    calm.abort();
    await crew.killAll();
    await Promise.allSettled([watching, disturbing]);
    bus.doorbell.close();
    await bus.store.close();
    end();
    open.delete(end);
  }
}

/** The bus of a new home, with the inboxes of `shape`; two of them get what is published. */
async function openIn(home: string, shape: Shape): Promise<Bus> {
  const clock = systemClock();
  const options = { durability: "process", busyTimeoutMs: 10_000 } as const;
  const store = await openStore({ home, driver: runtimeDriver, clock, ...options });
  const bus = await openBus(store, clock, settingsOf(shape));
  await store.write(async (tx) => {
    for (const inbox of [...shape.inboxes, keptInbox]) await createInbox(tx, inbox);
    for (const inbox of shape.inboxes.slice(0, 2)) await subscribeTx(tx, topic, inbox);
  });
  return bus;
}

/** The processes of a run: those with clients, one that runs commands, and the warden. */
function plansOf(
  { processes, clients, operations, commands, drains }: Shape,
  command: readonly string[] | undefined,
): Pick<ClientPlan, "role" | "command" | "clients">[] {
  const run = command ?? [];
  // A command takes a hundred times as long as a call of those who stay.
  const byCommand = command === undefined || commands === 0 ? 0 : Math.ceil(operations / 100);
  const calls = Math.ceil((operations - byCommand) / (processes * clients));
  const plans: Pick<ClientPlan, "role" | "command" | "clients">[] = Array.from(
    { length: processes },
    (_, n) => ({ role: "client", command: run, clients: named(`c${n}`, clients, calls) }),
  );
  if (byCommand > 0) {
    const each = Math.ceil(byCommand / commands);
    plans.push({ role: "command", command: run, clients: named("x", commands, each) });
  }
  if (drains) plans.push({ role: "warden", command: run, clients: named("w", 1, 1e9) });
  return plans;
}

// After the line comes which of its lives it is.
function named(name: string, count: number, calls: number): ClientPlan["clients"] {
  return Array.from({ length: count }, (_, n) => ({ name: `${name}-${n}_1`, calls }));
}

function startForeign(home: string, seed: number): Bun.Subprocess {
  const program = join(import.meta.dir, "clients", "foreign.ts");
  return Bun.spawn([process.execPath, program, join(home, "bus.db"), String(seed)], {
    stdin: "ignore",
    stdout: "inherit",
    stderr: "inherit",
  });
}
