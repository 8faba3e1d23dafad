// Evaluate: looks again and again whether something is wrong, writes down what began and what is over, and has it told.
// What goes wrong with that itself is for the next time; nothing else in the swarm waits for it.
import { type Clock, sleep } from "../../core/clock.ts";
import { isSkepError } from "../../core/errors.ts";
import type { Store } from "../../store/store.ts";
import { type Known, type Readings, decide } from "./decide.ts";
import type { Growth } from "./growth.ts";
import { type Look, keptLooks, readingsOf } from "./readings.ts";
import {
  type Told,
  isSilenced,
  knowledgeOf,
  listSilences,
  pruneAlerts,
  readKnown,
  writeTransitions,
} from "./record.ts";
import { type AlertSettings, type Rule, rules } from "./rules.ts";

export interface EvaluateParts {
  clock: Clock;
  vitals(): Promise<Store>;
  /** Looks at everything but processes. */
  look(): Promise<Look>;
  growth: Growth;
  /** Tells of what began and what is over. */
  tell(transitions: readonly Told[]): Promise<void>;
  settings: AlertSettings;
}

/** How many transitions wait for a file that cannot be written; the oldest are forgotten then. */
const waitingMax = 1_000;

const pruneEveryMs = 60_000;

/** What is evaluated with: everything that is known between two passes. */
export function openEvaluation(parts: EvaluateParts, all: readonly Rule[] = rules) {
  const { clock, settings } = parts;
  let looks: Look[] = [];
  let known: ReadonlyMap<string, Known> = new Map();
  let isLoaded = false;
  let unwritten: Told[] = [];
  let pruneTick = clock.tick();

  return {
    /** One pass: what began and what is over. E_BUSY and the like when the swarm cannot be looked at. */
    async pass(): Promise<readonly Told[]> {
      if (!isLoaded)
        isLoaded = await unlessRefused(async () => {
          const rows = await (
            await parts.vitals()
          ).read((tx) => readKnown(tx, settings.cooldownMs));
          // What was decided while the file could not be read is newer.
          known = new Map([...knowledgeOf(rows), ...known]);
        });
      looks.push(await parts.look());
      const readings = withGrowth(readingsOf(looks, settings), parts.growth);
      looks = keptLooks(looks, settings);
      const time = { now: clock.now(), tick: clock.tick() };
      const decided = decide({ rules: all, settings }, readings, known, time);
      known = decided.known;
      const told = await silencedOrNot(decided.transitions);
      unwritten = [...unwritten, ...told].slice(-waitingMax);
      await write();
      if (told.some(({ silenced }) => !silenced))
        await unlessRefused(() => parts.tell(told.filter(({ silenced }) => !silenced)));
      return told;
    },
  };

  async function silencedOrNot(transitions: Awaited<ReturnType<typeof decide>>["transitions"]) {
    let silences: Awaited<ReturnType<typeof listSilences>> = [];
    if (transitions.length > 0)
      await unlessRefused(async () => {
        silences = await (await parts.vitals()).read(listSilences);
      });
    return transitions.map((transition) => ({
      ...transition,
      silenced: isSilenced(silences, { rule: transition.rule.name, subject: transition.subject }),
    }));
  }

  async function write(): Promise<void> {
    const isTurn = clock.tick() - pruneTick >= pruneEveryMs;
    if (unwritten.length === 0 && !isTurn) return;
    await unlessRefused(async () => {
      const batch = unwritten;
      await (
        await parts.vitals()
      ).write(async (tx) => {
        await writeTransitions(tx, batch);
        if (isTurn) await pruneAlerts(tx, tx.now - settings.keepMs);
      });
      unwritten = [];
      if (isTurn) pruneTick = clock.tick();
    });
  }
}

/** Passes until `signal` aborts, one after the other. */
export async function evaluateAlerts(parts: EvaluateParts, signal: AbortSignal): Promise<void> {
  const { evaluateEveryMs } = parts.settings;
  if (evaluateEveryMs === 0) return;
  const evaluation = openEvaluation(parts);
  while (!signal.aborted) {
    await sleep(evaluateEveryMs, signal);
    if (!signal.aborted) await unlessRefused(() => evaluation.pass());
  }
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
