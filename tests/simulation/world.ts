// A world: a bus, a model of it, agents and a clock, all as one seed decides.
import type { Bus } from "../../src/bus/bus.ts";
import type { BusSettings } from "../../src/bus/message.ts";
import { openBus } from "../../src/bus/open.ts";
import { testSettings } from "../fixtures/bus/bus.ts";
import type { Random } from "../proof/random.ts";
import { type Database, memoryDatabase } from "./database.ts";
import type { Purgeable } from "./model/dead.ts";
import { type Model, newModel } from "./model/state.ts";
import { type VirtualTime, virtualTime } from "./time.ts";

export interface Agent {
  name: string;
  bus: Bus;
  /** What it was given to settle with, the oldest first; it shows all of it again and again. */
  receipts: string[];
  /** What it has seen and means to purge. */
  found: (Purgeable & { inbox: string }) | undefined;
  /** What it is in the middle of. */
  call: Call | undefined;
}

/** Something that goes on while others do other things. */
export interface Call {
  /** Whether the bus has answered, and what. */
  answered: boolean;
  answer: unknown;
  fault: unknown;
  /** Has the model do what the bus does when the call looks around: what it has to come to, or that it waits on. */
  look(): unknown;
}

/** What a call comes to that is not over. */
export const waitsOn = "it waits";

export interface World {
  random: Random;
  time: VirtualTime;
  database: Database;
  bus: Bus;
  model: Model;
  agents: Agent[];
  /** Those that several agents use; "paced" may get a rate. */
  inboxes: readonly string[];
  /** How many bodies were thought of. */
  bodies: number;
  /** The inboxes that requests made for their answers. */
  requests: Set<string>;
}

/** The one whose sending may get a rate. */
export const pacedAgent = "a1";
export const pacedInbox = "paced";

/** What one process needs to make worlds, one after the other: it takes long to make. */
export interface Ground {
  time: VirtualTime;
  database: Database;
}

export function newGround(): Ground {
  const time = virtualTime();
  return { time, database: memoryDatabase(time.clock) };
}

/** The world that `random` decides, on `ground`. */
export async function newWorld({ time, database }: Ground, random: Random): Promise<World> {
  time.reset();
  const settings: BusSettings = {
    ...testSettings,
    inboxCap: random.whole(2, 7),
    inboxBytes: random.whole(20, 60),
    maxAttempts: random.whole(1, 4),
    leaseMs: 100,
    backoffMinMs: 10,
    backoffMaxMs: 100,
    keyWindowMs: random.whole(100, 1_000),
    historyKeepMs: random.whole(200, 1_500),
    historyRowsMax: random.pick([4, 1_000])!,
    deadKeepMs: random.whole(200, 2_000),
  };
  // Near a turn of retention, or far from the next one.
  const newestId = random.pick([1, 230, 250])!;
  database.reset(newestId, time.clock.now());
  const bus = await openBus(database.store, time.clock, settings);
  const model = newModel(settings, time.clock, newestId);
  // A crowd brings about what few do not, and the other way round.
  const count = random.share() < 0.5 ? random.whole(2, 4) : random.whole(5, 50);
  const agents: Agent[] = Array.from({ length: count }, (_, index) => {
    const name = `a${index + 1}`;
    const self = { ...bus.self, slot: index + 1 };
    const own = { ...bus, self, doorbell: time.doorbellOf(name) };
    return { name, bus: own, receipts: [], found: undefined, call: undefined };
  });
  const inboxes = ["i1", "i2", pacedInbox].slice(0, random.whole(1, 3));
  return { random, time, database, bus, model, agents, inboxes, bodies: 0, requests: new Set() };
}

/** One of the inboxes that there are, but for those of requests. */
export function pickInbox({ random, model }: World): string | undefined {
  return random.pick(
    [...model.state.inboxes].filter(([, { temporary }]) => !temporary).map(([name]) => name),
  );
}
