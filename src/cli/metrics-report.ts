// `skep metrics report`: the report on one screen, or as one object.
import { isoTime } from "../core/clock.ts";
import { formatDuration } from "../core/durations.ts";
import { clip, printable } from "../core/text.ts";
import type { Alert } from "../metrics/alerts/record.ts";
import type { Broadcast } from "../metrics/broadcasts.ts";
import type { Ends, Grouping, Reported, Slow } from "../metrics/deliveries.ts";
import { type Report, type Standing, report } from "../metrics/report.ts";
import { alertObject, alertTable } from "./alerts-list.ts";
import { columns } from "./columns.ts";
import type { Context } from "./context.ts";
import { open } from "./open.ts";

const slowestMax = 10;
const broadcastsMax = 5;
const alertsMax = 100;
// The rest of them is in `skep alerts`.
const alertsShown = 10;

export interface ReportArgs {
  sinceMs: number;
  by: Grouping;
}

/** Prints what happened in the last `sinceMs`. */
export async function printReport(context: Context, { sinceMs, by }: ReportArgs): Promise<void> {
  const { store, vitals } = await open(context);
  const found = await report(
    { store, vitals },
    { sinceMs, by, slowestMax, broadcastsMax, alertsMax },
  );
  if (context.json) return await context.data(asJson(found, by));
  await context.data(asText(found, sinceMs, by));
  const { fault } = found;
  if (fault !== null)
    context.say(
      `what was measured cannot be read: ${fault.message}\n${fault.hint ?? ""}`.trimEnd(),
    );
}

function asText(
  { standing, ends, figures, slowest, broadcasts, alerts, ...found }: Report,
  sinceMs: number,
  by: Grouping,
) {
  const parts = [`the last ${formatDuration(sinceMs)}`, endsText(ends, by), standingText(standing)];
  if (alerts.length > 0)
    parts.push(alertsText(alerts), "", alertTable(alerts.slice(0, alertsShown)));
  if (figures.length > 0) {
    parts.push("", columns([figureHeadings(by), ...figures.map((one) => figureRow(one, by))]));
    if (found.source === "rollups")
      parts.push(
        `from roll-ups of minutes: the percentiles of what was measured are right to ${found.error * 100} %; those of deliveries are exact`,
      );
  }
  if (slowest.length > 0) parts.push("", columns([slowHeadings, ...slowest.map(slowRow)]));
  if (broadcasts.length > 0)
    parts.push("", columns([broadcastHeadings, ...broadcasts.map(broadcastRow)]));
  return parts.join("\n");
}

function endsText(ends: readonly Ends[], by: Grouping): string {
  if (ends.length === 0) return "no delivery ended";
  if (by !== "name") return `\n${columns([endHeadings(by), ...ends.map(endRow)])}\n`;
  const { acked, dead, expired, purged, retried, deliveryRate, ackedPerS } = ends[0]!;
  const other = `${dead} dead, ${expired} expired, ${purged} purged`;
  const rate = `delivery rate ${percent(deliveryRate)}, ${number(ackedPerS)}/s`;
  return `deliveries that ended: ${acked} acked, ${other}; ${rate}; ${retried} took more than one attempt`;
}

const endHeadings = (by: Grouping) => [
  by.toUpperCase(),
  "ACKED",
  "DEAD",
  "EXPIRED",
  "PURGED",
  "DELIVERED",
  "ACKED/S",
  "RETRIED",
];

function endRow({ group, acked, dead, expired, purged, ...rest }: Ends): string[] {
  const counts = [acked, dead, expired, purged].map(String);
  const { deliveryRate, ackedPerS, retried } = rest;
  return [groupText(group), ...counts, percent(deliveryRate), number(ackedPerS), `${retried}`];
}

function standingText({ ready, delayed, leased, parked, oldestMs }: Standing): string {
  const oldest = oldestMs === null ? "" : ` (the oldest for ${formatDuration(oldestMs)})`;
  return `there now: ${ready} ready${oldest}, ${delayed} delayed, ${leased} leased, ${parked} parked`;
}

function alertsText(alerts: readonly Alert[]): string {
  const firing = alerts.filter(({ state }) => state === "firing");
  const critical = firing.filter(({ severity }) => severity === "critical").length;
  const more = alerts.length > alertsShown ? "; skep alerts history has all of them" : "";
  return `alerts: ${firing.length} fire (${critical} critical), ${alerts.length - firing.length} are over${more}`;
}

function figureHeadings(by: Grouping): string[] {
  const group = by === "name" ? [] : [by.toUpperCase()];
  const figures = ["COUNT", "PER S", "MEAN", "MIN", "P50", "P95", "P99", "MAX", "TREND"];
  return ["METRIC", ...group, "UNIT", ...figures];
}

function figureRow(one: Reported, by: Grouping): string[] {
  const { name, group, unit, count, ratePerS, mean, min, p50, p95, p99, max, trend } = one;
  const head = by === "name" ? [name] : [name, groupText(group)];
  const values = [mean, min, p50, p95, p99, max].map(number);
  return [...head, unit, String(count), number(ratePerS), ...values, sparkline(trend)];
}

const bars = "▁▂▃▄▅▆▇█";

/** A bar for each mean, between the least and the largest of them; a space where there is none. */
function sparkline(trend: readonly (number | null)[]): string {
  const known = trend.filter((mean) => mean !== null);
  const [least, most] = [Math.min(...known), Math.max(...known)];
  return trend
    .map((mean) => {
      if (mean === null) return " ";
      const share = most > least ? (mean - least) / (most - least) : 0;
      return bars[Math.min(bars.length - 1, Math.floor(share * bars.length))]!;
    })
    .join("");
}

const slowHeadings = ["SLOWEST", "MESSAGE", "INBOX", "HOLDER", "TOTAL", "WAITED", "WORKED", "SENT"];

function slowRow({ delivery, message, inbox, holder, totalMs, waitedMs, workedMs, sentAt }: Slow) {
  const times = [totalMs, waitedMs, workedMs].map((ms) => formatDuration(Math.max(0, ms)));
  return [String(delivery), String(message), inbox, holder ?? "-", ...times, isoTime(sentAt)];
}

const broadcastHeadings = ["BROADCAST", "TOPIC", "TYPE", "TO", "OVER", "ACKED", "TOOK", "SENT"];

function broadcastRow({ message, topic, type, deliveries, ended, acked, ...one }: Broadcast) {
  const counts = [deliveries, ended, acked].map(String);
  const took = one.totalMs === null ? "-" : formatDuration(one.totalMs);
  return [String(message), groupText(topic), groupText(type), ...counts, took, isoTime(one.sentAt)];
}

function groupText(group: string | null): string {
  return group === null ? "-" : printable(clip(group, 40));
}

function percent(value: number): string {
  // Not 100 % as long as a single one is missing.
  return `${(Math.floor(value * 10) / 10).toFixed(1)} %`;
}

function number(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e9 || (size > 0 && size < 0.001)) return value.toExponential(2);
  if (Number.isInteger(value) || size >= 1_000) return String(Math.round(value));
  return value.toFixed(size >= 100 ? 1 : size >= 1 ? 2 : 3);
}

function asJson({ since, until, ends, standing, figures, slowest, ...rest }: Report, by: Grouping) {
  return JSON.stringify({
    since,
    until,
    by,
    deliveries: ends.map(({ deliveryRate, ackedPerS, ...one }) => ({
      ...one,
      delivery_rate: deliveryRate,
      acked_per_s: ackedPerS,
    })),
    now: { ...standing, oldestMs: undefined, oldest_ms: standing.oldestMs },
    metrics: figures.map(({ ratePerS, ...one }) => ({ ...one, rate_per_s: ratePerS })),
    source: rest.source,
    error: rest.error,
    slowest: slowest.map(({ totalMs, waitedMs, workedMs, sentAt, ...one }) => ({
      ...one,
      total_ms: totalMs,
      waited_ms: waitedMs,
      worked_ms: workedMs,
      sent_at: sentAt,
    })),
    broadcasts: rest.broadcasts.map(({ totalMs, sentAt, endedAt, ...one }) => ({
      ...one,
      total_ms: totalMs,
      sent_at: sentAt,
      ended_at: endedAt,
    })),
    alerts: rest.alerts.map(alertObject),
    fault: rest.fault === null ? null : { code: rest.fault.code, message: rest.fault.message },
  });
}
