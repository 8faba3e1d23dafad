// Evaluations of what the test says is wrong, over a vitals.db and a bus that refuse when they are told to.
import { SkepError } from "../../../src/core/errors.ts";
import { defaults } from "../../../src/config/settings.ts";
import { openEvaluation } from "../../../src/metrics/alerts/evaluate.ts";
import { openGrowth } from "../../../src/metrics/alerts/growth.ts";
import type { Look } from "../../../src/metrics/alerts/readings.ts";
import { listAlerts } from "../../../src/metrics/alerts/record.ts";
import { type Rule, rules } from "../../../src/metrics/alerts/rules.ts";
import { refusingVitals } from "../../helpers/refusing-vitals.ts";
import { lookAt } from "./look-at.ts";

const wordsOf = ({ subject, state }: { subject: string; state: string }) => `${subject} ${state}`;

export type Depths = Record<string, number>;

/** Functions that open a new one each time. To be called where tests are declared. */
export function evaluations() {
  const newVitals = refusingVitals();

  /** An evaluation of what lies in inboxes, of which more than 1,000 is too much, and of the rest by skep's own rules or others. */
  function newEvaluation(file = newVitals(), by: readonly Rule[] = rules) {
    const { clock } = file;
    const [told, published]: string[][] = [[], []];
    let isRefused = false;
    let depths: Depths = {};
    let rest: Partial<Look> = {};
    const settings = { ...defaults.alerts, cooldownMs: 0 };
    const evaluation = openEvaluation({
      clock,
      vitals: file.vitals,
      look: async () => lookAt(clock.tick(), depths, rest),
      growth: openGrowth(settings),
      tell: (transitions) => void told!.push(...transitions.map(wordsOf)),
      async publish(transitions) {
        if (isRefused) throw new SkepError("E_BUSY", "somebody else has the lock");
        published!.push(...transitions.map(wordsOf));
      },
      settings,
      rules: by,
    });
    return {
      ...file,
      /** What was told since it was last asked. */
      told: () => told!.splice(0),
      /** What was published since it was last asked. */
      published: () => published!.splice(0),
      /** Whether nothing can be published from now on. */
      refuse: (isSo: boolean) => void (isRefused = isSo),
      /** A pass, 2 s after the one before, with so much in the inboxes. */
      async pass(now: Depths, also: Partial<Look> = {}): Promise<void> {
        [depths, rest] = [now, also];
        clock.pass(2_000);
        await evaluation.pass();
      },
      async rows(): Promise<string[]> {
        const alerts = await (await file.vitals()).read((tx) => listAlerts(tx, 10_000));
        return alerts.map(wordsOf).sort();
      },
    };
  }

  return { newVitals, newEvaluation };
}
