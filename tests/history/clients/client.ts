// A process of a run, with one client or several in it that each do one call after the other: `bun client.ts PLAN`.
import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Bus } from "../../../src/bus/bus.ts";
import { openBus, shareBus } from "../../../src/bus/open.ts";
import { systemClock } from "../../../src/core/clock.ts";
import { runtimeDriver } from "../../../src/store/runtime-driver.ts";
import { openStore } from "../../../src/store/open.ts";
import { type Random, randomOf } from "../../proof/random.ts";
import { callsOf } from "../history.ts";
import { openRecorder, readRecord, recordFault, recordPath } from "../record.ts";
import { type Shape, environmentOf, settingsOf } from "../shape.ts";
import { chooseStep } from "./choose.ts";
import { performCommand } from "./command.ts";
import { hasCommand } from "./command-words.ts";
import { type Mind, type Step, heirOf, learn, newMind } from "./mind.ts";
import { perform } from "./perform.ts";
import { wardenStep } from "./warden.ts";

export interface ClientPlan {
  home: string;
  records: string;
  shape: Shape;
  seed: number;
  role: "client" | "command" | "warden";
  /** What runs the commands. */
  command: readonly string[];
  clients: readonly PlannedClient[];
}

export interface PlannedClient {
  name: string;
  /** Who was killed, and leaves to this one what it had in mind. */
  predecessor?: string | undefined;
  /** How many calls it makes; a warden goes on until it is told to end. */
  calls: number;
}

const plan = JSON.parse(process.argv[2]!) as ClientPlan;
const { home, records, shape, role } = plan;
const ending = new AbortController();
process.on("SIGTERM", () => ending.abort());

// Commands are all that such a client has to do with the database.
const bus = role === "command" ? undefined : await open();
await Promise.all(plan.clients.map((client, slot) => live(client, slot)));
bus?.doorbell.close();
await bus?.store.close();

async function open(): Promise<Bus> {
  const clock = systemClock();
  const options = { durability: "process", busyTimeoutMs: 10_000 } as const;
  const store = await openStore({ home, driver: runtimeDriver, clock, ...options });
  return await openBus(store, clock, settingsOf(shape));
}

async function live({ name, predecessor, calls }: PlannedClient, slot: number): Promise<void> {
  const recorder = openRecorder(records, name);
  const mind = mindOf(name, predecessor);
  const random = randomOf(plan.seed * 1_000 + slot);
  const shared = bus && (slot === 0 ? bus : shareBus(bus, slot));
  for (let call = 0; call < calls && !ending.signal.aborted; call++) {
    const step = await next(mind, random);
    const outcome = await recorder.call(step.op, step.args, () =>
      shared === undefined ? byCommand(mind, random, step) : perform(shared, name, step),
    );
    learn(mind, step, outcome);
    // Whoever is told that the bus is closed does not knock without a pause.
    if (outcome.result.code === "E_DRAINING" && role === "client") await sleep(random.whole(2, 20));
  }
  if (slot > 0) shared?.doorbell.close();
}

function mindOf(name: string, predecessor: string | undefined): Mind {
  const path = predecessor === undefined ? "" : recordPath(records, predecessor);
  if (!existsSync(path)) return newMind(name);
  return heirOf(name, predecessor!, callsOf(readRecord(path)));
}

async function next(mind: Mind, random: Random): Promise<Step> {
  if (role === "warden") {
    const { step, afterMs } = wardenStep(mind, random, shape);
    await sleep(afterMs, undefined, { signal: ending.signal }).catch(() => {});
    return step;
  }
  for (;;) {
    const step = chooseStep(mind, random, shape);
    if (role === "client" || hasCommand(step)) return step;
  }
}

async function byCommand({ name }: Mind, random: Random, step: Step) {
  const onFault = (op: string) => recordFault(records, op, [name]);
  const environment = environmentOf(shape);
  const line = { command: plan.command, home, environment, random, onFault };
  return await performCommand(line, name, step);
}
