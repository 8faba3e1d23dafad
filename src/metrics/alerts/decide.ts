// Decide: which alerts begin and which are over, from what was read and what was known. Pure.
import { type AlertSettings, type Rule, cooldownOf, recoveryOf, thresholdOf } from "./rules.ts";

/** What was read of a subject; null when that cannot be said yet, and what is known stays. */
export interface Reading {
  subject: string;
  value: number | null;
}

/** By what a rule reads; for a rule of a user, by its name. What is not there could not be read; a subject that is missing is gone. */
export type Readings = ReadonlyMap<string, readonly Reading[]>;

/** What is known of a rule and a subject. */
export interface Known {
  rule: string;
  subject: string;
  firing: boolean;
  /** When it last fired, in wall time, for it outlives this boot; null when it never has. */
  firedAt: number | null;
  /** Since which tick the condition holds; null when it does not. */
  sinceTick: number | null;
}

/** By `keyOf`. */
export type Knowledge = ReadonlyMap<string, Known>;

export interface Transition {
  rule: Pick<Rule, "name" | "severity" | "unit" | "about">;
  subject: string;
  state: "firing" | "resolved";
  /** Null when the subject is gone. */
  value: number | null;
  threshold: number;
  at: number;
}

/** The key of a rule and a subject. */
export function keyOf(rule: string, subject: string): string {
  return `${rule} ${subject}`;
}

/** What begins and what is over at `now`, and what is known from then on. */
export function decide(
  { rules, settings }: { rules: readonly Rule[]; settings: AlertSettings },
  readings: Readings,
  before: Knowledge,
  { now, tick }: { now: number; tick: number },
): { transitions: Transition[]; known: Map<string, Known> } {
  const transitions: Transition[] = [];
  const known = new Map<string, Known>();
  const byRule = Map.groupBy(before.values(), (one) => one.rule);
  for (const rule of rules) {
    const read = readings.get(rule.user === undefined ? rule.reads : rule.name);
    const ofRule = byRule.get(rule.name) ?? [];
    if (read === undefined) {
      for (const one of ofRule) known.set(keyOf(rule.name, one.subject), one);
      continue;
    }
    const unread = new Map(ofRule.map((one) => [one.subject, one]));
    const threshold = thresholdOf(rule, settings);
    const see = (subject: string, value: number | null | undefined, last: Known | undefined) => {
      // There are many subjects, and hardly ever is anything wrong with them or known of them.
      if (last === undefined && (value == null || !isWrong(rule, value, threshold))) return;
      const key = keyOf(rule.name, subject);
      const past = last ?? {
        rule: rule.name,
        subject,
        firing: false,
        firedAt: null,
        sinceTick: null,
      };
      if (value === null) return void known.set(key, past);
      // A wall clock that was set back must not keep an alert away for longer than its rest.
      const firedAt = past.firedAt === null ? null : Math.min(past.firedAt, now);
      const next = step(rule, settings, { ...past, firedAt }, value, { now, tick });
      if (next.firing !== past.firing) {
        const state = next.firing ? "firing" : "resolved";
        transitions.push({ rule, subject, state, value: value ?? null, threshold, at: now });
      }
      if (next.firing || next.sinceTick !== null || isResting(next, rule, settings, now))
        known.set(key, next);
    };
    for (const { subject, value } of read) {
      const last = unread.get(subject);
      unread.delete(subject);
      see(subject, value, last);
    }
    for (const [subject, last] of unread) see(subject, undefined, last);
  }
  return { transitions, known };
}

/** What is known when nobody has looked for long: what fires does, and what was about to holds from now on. */
export function heldAnew(known: Knowledge): Knowledge {
  return new Map(
    [...known].map(([key, one]) => [key, one.firing ? one : { ...one, sinceTick: null }]),
  );
}

function step(
  rule: Rule,
  settings: AlertSettings,
  last: Known,
  value: number | undefined,
  { now, tick }: { now: number; tick: number },
): Known {
  if (last.firing)
    return isOver(rule, settings, value) ? { ...last, firing: false, sinceTick: null } : last;
  if (value === undefined || !isWrong(rule, value, thresholdOf(rule, settings)))
    return { ...last, sinceTick: null };
  const sinceTick = Math.min(last.sinceTick ?? tick, tick);
  if (tick - sinceTick < rule.holdMs || isResting(last, rule, settings, now))
    return { ...last, sinceTick };
  return { ...last, firing: true, firedAt: now, sinceTick };
}

function isResting({ firedAt }: Known, rule: Rule, settings: AlertSettings, now: number): boolean {
  return firedAt !== null && now - firedAt < cooldownOf(rule, settings);
}

function isWrong({ compare }: Rule, value: number, threshold: number): boolean {
  if (compare === "below") return value < threshold;
  return compare === "above" ? value > threshold : value >= threshold;
}

function isOver(rule: Rule, settings: AlertSettings, value: number | undefined): boolean {
  if (value === undefined) return true;
  if (isWrong(rule, value, thresholdOf(rule, settings))) return false;
  const recovery = recoveryOf(rule, settings);
  if (rule.user !== undefined)
    return rule.compare === "below" ? value >= recovery : value <= recovery;
  return rule.compare === "below"
    ? value >= recovery || (rule.unit === "percent" && value >= 100)
    : value <= recovery || rule.recovery === 1;
}
