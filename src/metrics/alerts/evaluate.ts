// Evaluate: looks again and again whether something is wrong, writes down what began and what is over, and has it told.
// What goes wrong with that itself is for the next time; nothing else in the swarm waits for it.
import { type Clock, sleep } from "../../core/clock.ts";
import { isSkepError } from "../../core/errors.ts";
import type { Store } from "../../store/store.ts";
import { type Known, type Readings, type Transition, decide, heldAnew } from "./decide.ts";
import type { Growth } from "./growth.ts";
import { noteCounts, readCounts } from "./looks.ts";
import {
  type Counts,
  type Look,
  beginning,
  keptCounts,
  pauseMaxMs,
  readingsOf,
} from "./readings.ts";
import {
  type Silence,
  type Told,
  isSilenced,
  knowledgeOf,
  listAlerts,
  listSilences,
  pruneAlerts,
  readKnown,
  writeTransitions,
} from "./record.ts";
import { type AlertSettings, type Rule, cooldownOf, rules } from "./rules.ts";
import {
  type Standing,
  forgoneOf,
  isUntold,
  noLongerSilenced,
  standingAfter,
  standingOf,
} from "./standing.ts";
import { openUsersReadings } from "./users-readings.ts";

export interface EvaluateParts {
  clock: Clock;
  vitals(): Promise<Store>;
  /** Looks at everything but processes. */
  look(): Promise<Look>;
  growth: Growth;
  /** Has people told of what began and what is over, beside whatever goes on here. */
  tell(transitions: readonly Told[]): void;
  /** Publishes it, all or nothing; what is refused is there again in the next pass. */
  publish(transitions: readonly Told[]): Promise<void>;
  settings: AlertSettings;
  /** Those that are looked at; skep's own where they are left out. */
  rules?: readonly Rule[];
}

/** How many transitions wait for a file that cannot be written, and how many for a bus that takes none; the oldest are forgotten then. The file gets what still fires all the same. */
const waitingMax = 1_000;

const pruneEveryMs = 60_000;
const noteEveryMs = 10_000;

/** What is evaluated with: everything that is known between two passes. */
export function openEvaluation(parts: EvaluateParts) {
  const { clock, settings, rules: all = rules } = parts;
  const longestMs = Math.max(...all.map((rule) => cooldownOf(rule, settings)));
  const users = openUsersReadings(all, clock);
  const beginTick = clock.tick();
  const pauseMs = Math.max(pauseMaxMs, 3 * settings.evaluateEveryMs);
  let before: readonly Counts[] = [];
  let known: ReadonlyMap<string, Known> = new Map();
  let isLoaded = false;
  let isBegun = false;
  let standing: Standing = new Map();
  // What fires by rules that there are no more.
  let forgone: readonly Told[] = [];
  let unwritten: Told[] = [];
  let unpublished: Told[] = [];
  // The store that has all that fires; undefined when none is known to.
  let complete: Store | undefined;
  let pruneTick = beginTick;
  let noted: { tick: number; restarts: number } | undefined;

  return {
    /** One pass: what began and what is over. E_BUSY and the like when the swarm cannot be looked at. */
    async pass(): Promise<readonly Told[]> {
      if (!isLoaded)
        isLoaded = await unlessRefused(async () => {
          const store = await parts.vitals();
          const { rows, alerts, earlier } = await store.read(async (tx) => ({
            earlier: await readCounts(tx, clock.boot),
            rows: await readKnown(tx, longestMs),
            alerts: await listAlerts(tx),
          }));
          // What was decided while the file could not be read is newer.
          known = new Map([...knowledgeOf(rows), ...known]);
          standing = new Map([...standingOf(alerts, all), ...standing]);
          forgone = forgoneOf(alerts, all);
          if (unwritten.length === 0) complete = store;
          if (!isBegun) before = earlier;
        });
      const look = await parts.look();
      if (!isBegun) before = beginning(before, look, beginTick);
      // The machine slept, or we were stopped: nobody knows whether it was so all the time.
      else if (look.tick - before.at(-1)!.tick > pauseMs) known = heldAnew(known);
      isBegun = true;
      await unlessRefused(() => users.take(parts.vitals));
      const { readings, rules: here } = users.among(
        withGrowth(readingsOf(look, before, settings), parts.growth),
      );
      before = keptCounts(before, look, settings);
      const time = { now: clock.now(), tick: look.tick };
      const decided = decide({ rules: here, settings }, readings, known, time);
      known = decided.known;
      const over = forgone.map((one) => ({ ...one, at: time.now }));
      forgone = [];
      const transitions: (Transition & Partial<Told>)[] = [...over, ...decided.transitions];
      const silences = await silencesFor(transitions);
      const told = transitions.map((transition) => ({
        ...transition,
        silenced:
          transition.silenced === true ||
          isUntold(standing, transition) ||
          isSilenced(silences ?? [], transition),
      }));
      standing = standingAfter(standing, told);
      const late = silences === undefined ? [] : noLongerSilenced(standing, silences);
      standing = standingAfter(standing, late);
      unwritten = [...unwritten, ...told, ...late].slice(-waitingMax);
      await write();
      const audible = [...told, ...late].filter(({ silenced }) => !silenced);
      if (audible.length > 0) parts.tell(audible);
      await publish(audible);
      return told;
    },
  };

  /** The silences that hold, where they matter and can be read. */
  async function silencesFor(transitions: readonly Transition[]): Promise<Silence[] | undefined> {
    const isAnySilenced = [...standing.values()].some(({ silenced }) => silenced);
    if (transitions.length === 0 && !isAnySilenced) return undefined;
    let silences: Silence[] | undefined;
    await unlessRefused(async () => {
      silences = await (await parts.vitals()).read(listSilences);
    });
    return silences;
  }

  /** Publishes `audible`, and before it what was refused. */
  async function publish(audible: readonly Told[]): Promise<void> {
    unpublished = [...unpublished, ...audible].slice(-waitingMax);
    if (unpublished.length === 0) return;
    if (await unlessRefused(() => parts.publish(unpublished))) unpublished = [];
  }

  async function write(): Promise<void> {
    const isTurn = clock.tick() - pruneTick >= pruneEveryMs;
    const restarts = restartsOf(before.at(-1)!);
    const isDue =
      noted === undefined ||
      noted.restarts !== restarts ||
      clock.tick() - noted.tick >= noteEveryMs;
    if (unwritten.length === 0 && standing.size === 0 && !isTurn && !isDue) return;
    const isWritten = await unlessRefused(async () => {
      const store = await parts.vitals();
      // The file may be another one than the last time, or lack what was forgotten while it could not be written.
      const missing = store === complete ? [] : standing.values();
      const batch = [...unwritten, ...missing];
      if (batch.length > 0 || isTurn || isDue)
        await store.write(async (tx) => {
          await writeTransitions(tx, batch);
          // The first time with what it is compared with itself.
          for (const counts of isDue ? before.slice(noted === undefined ? -2 : -1) : [])
            await noteCounts(tx, clock.boot, counts, before[0]!.tick);
          if (isTurn) await pruneAlerts(tx, tx.now - settings.keepMs);
        });
      complete = store;
      unwritten = [];
      if (isTurn) pruneTick = clock.tick();
      if (isDue) noted = { tick: clock.tick(), restarts };
    });
    if (!isWritten) complete = undefined;
  }
}

/** Passes until `signal` aborts, one after the other. */
export async function evaluateAlerts(parts: EvaluateParts, signal: AbortSignal): Promise<void> {
  const { evaluateEveryMs } = parts.settings;
  if (evaluateEveryMs === 0) return;
  const evaluation = openEvaluation(parts);
  // At once for the first time: what happens from now on counts, however soon.
  while (!signal.aborted) {
    await unlessRefused(() => evaluation.pass());
    await sleep(evaluateEveryMs, signal);
  }
}

function restartsOf({ agents }: Counts): number {
  return agents.reduce((sum, { restarts }) => sum + restarts, 0);
}

function withGrowth(readings: Readings, growth: Growth): Readings {
  const grown = growth.read();
  if (grown === undefined) return readings;
  return new Map([
    ...readings,
    ["process.memory_growth", grown.memory],
    ["process.descriptor_growth", grown.descriptors],
  ]);
}

// A full disk, a damaged file or a long wait for a lock: whether it worked.
async function unlessRefused(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (!isSkepError(error)) throw error;
    return false;
  }
}
