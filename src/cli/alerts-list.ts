// `skep alerts` and `skep alerts history`, `rules`: alerts and rules as lines.
import type { App } from "../app.ts";
import { allRules, unrecorded } from "../app/alert-rules.ts";
import { type UserRule, whatOf } from "../config/alert-rules.ts";
import { isoTime } from "../core/clock.ts";
import { formatDuration } from "../core/durations.ts";
import { type Alert, listAlerts } from "../metrics/alerts/record.ts";
import { recoveryOf, thresholdOf } from "../metrics/alerts/rules.ts";
import { sayMissed } from "./alerts-channels.ts";
import { columns } from "./columns.ts";
import type { Context } from "./context.ts";
import { open } from "./open.ts";
import { supervisorTrouble } from "./supervisor-trouble.ts";

/** Prints what fires, and with `last` so many of those that are over. */
export async function printAlerts(context: Context, last: number): Promise<void> {
  const app = await open(context);
  const store = await app.vitals();
  const alerts = await store.read((tx) => listAlerts(tx, last));
  await sayMissed(context, store);
  if (context.json) {
    for (const alert of alerts) await context.data(JSON.stringify(alertObject(alert)));
    return;
  }
  if (alerts.some(({ state }) => state === "firing")) await sayUnwatched(context, app);
  if (alerts.length === 0)
    return context.say(last === 0 ? "nothing is wrong" : "nothing is or was wrong");
  await context.data(alertTable(alerts));
}

/** What fires does so as long as nobody has seen that it is over. */
async function sayUnwatched(context: Context, { lastRun }: App): Promise<void> {
  const run = await lastRun();
  const trouble =
    run === undefined || run.state === "stopped" ? "no swarm is up" : supervisorTrouble(run);
  if (trouble !== undefined)
    context.say(
      `skep: ${trouble}; unless skep alerts watch runs, nobody looks, and this is how it was last`,
    );
}

/** Alerts in columns, for people. */
export function alertTable(alerts: readonly Alert[]): string {
  return columns([headings, ...alerts.map(row)]);
}

/** An alert as programs get it. */
export function alertObject({ firedAt, resolvedAt, ackedAt, ackedBy, ...plain }: Alert) {
  return {
    ...plain,
    fired_at: firedAt,
    resolved_at: resolvedAt,
    acked_at: ackedAt,
    acked_by: ackedBy,
  };
}

/** Prints every rule with its threshold here, those of users behind skep's own. */
export async function printRules(context: Context): Promise<void> {
  const settings = await context.settings();
  const { users, off } = settings.alertRules;
  const usersRules = new Map(users.map((rule) => [rule.name, rule]));
  const all = allRules(settings).map((rule) => ({
    name: rule.name,
    severity: rule.severity,
    reads: rule.reads,
    compare: rule.compare,
    threshold: thresholdOf(rule, settings.alerts),
    unit: rule.unit,
    recovery: recoveryOf(rule, settings.alerts),
    about: rule.about,
    enabled: !off.includes(rule.name),
    user: usersJson(usersRules.get(rule.name)),
  }));
  if (context.json) for (const rule of all) await context.data(JSON.stringify(rule));
  else {
    const rows = all.map(({ name, severity, reads, compare, threshold, unit, about, enabled }) => {
      const own = usersRules.get(name);
      const what = own === undefined ? reads : whatOf(own);
      const when = enabled
        ? `${what} ${compare} ${figure(threshold, unit)}`
        : "never: switched off";
      return [name, severity, when, about];
    });
    await context.data(columns([["RULE", "SEVERITY", "FIRES WHEN", "WHAT IS WRONG"], ...rows]));
  }
  if (users.length === 0) return;
  for (const text of await unrecorded(settings, async () => (await open(context)).vitals()))
    context.say(`skep: ${text}`);
}

function usersJson(rule: UserRule | undefined): object | null {
  if (rule === undefined) return null;
  const { points, subject, holdMs, cooldownMs } = rule;
  return {
    of: points?.of ?? null,
    window_ms: points?.windowMs ?? null,
    count_min: points?.countMin ?? null,
    by: points?.by ?? null,
    tags: points?.tags ?? null,
    subject,
    hold_ms: holdMs,
    cooldown_ms: cooldownMs,
  };
}

const headings = [
  "ID",
  "SEVERITY",
  "RULE",
  "SUBJECT",
  "STATE",
  "VALUE THEN",
  "SINCE",
  "WHAT IS WRONG",
];

function row(alert: Alert): string[] {
  const { id, severity, rule, subject, value, unit, firedAt, about } = alert;
  return [
    String(id),
    severity,
    rule,
    subject,
    stateOf(alert),
    figure(value, unit),
    isoTime(firedAt),
    about,
  ];
}

function stateOf({ state, ackedBy, ackedAt, silenced }: Alert): string {
  if (state === "resolved") return "over";
  if (ackedAt !== null) return ackedBy === null ? "acked" : `acked by ${ackedBy}`;
  return silenced ? "silenced" : "firing";
}

function figure(value: number, unit: string): string {
  if (unit === "ms") return formatDuration(value);
  const rounded = String(Math.round(value * 10) / 10);
  return unit === "percent" ? `${rounded} %` : `${rounded} ${unit === "count" ? "" : unit}`.trim();
}
