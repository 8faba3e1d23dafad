// OTLP: families as requests in the JSON of OpenTelemetry's protocol (ExportMetricsServiceRequest). Pure.
import type { Family, Labels, Sample } from "./exposition.ts";

/** Whose figures they are, and of when. */
export interface Origin {
  version: string;
  /** What tells one home from all others. */
  instance: string;
  /** The swarm that runs there or ran last; null before the first. */
  swarm: string | null;
  /** Milliseconds since 1970. */
  at: number;
}

/** The body of one request, and how many data points are in it. */
export interface OtlpBody {
  text: string;
  points: number;
}

/** So many data points in a request are about a megabyte, of the 20 MiB that a receiver takes. */
export const pointsMax = 5_000;

/** The requests that tell of `families`, made one by one as they are asked for; none when there is nothing to tell. */
export function* otlpBodies(families: readonly Family[], origin: Origin): Generator<OtlpBody> {
  let metrics: object[] = [];
  let points = 0;
  for (const family of families)
    for (let from = 0; from < family.samples.length;) {
      const samples = family.samples.slice(from, from + pointsMax - points);
      metrics.push(metricOf(family, samples, origin.at));
      from += samples.length;
      points += samples.length;
      if (points < pointsMax) continue;
      yield { text: requestOf(metrics, origin), points };
      [metrics, points] = [[], 0];
    }
  if (points > 0) yield { text: requestOf(metrics, origin), points };
}

function requestOf(metrics: readonly object[], { version, instance, swarm }: Origin): string {
  const attributes = {
    "service.name": "skep",
    "service.version": version,
    "service.instance.id": instance,
    ...(swarm !== null && { "skep.swarm": swarm }),
  };
  const resource = { attributes: attributesOf(attributes) };
  const scopeMetrics = [{ scope: { name: "skep", version }, metrics }];
  return JSON.stringify({ resourceMetrics: [{ resource, scopeMetrics }] });
}

// In the words of UCUM, as the protocol wants units.
const units = { seconds: "s", bytes: "By", ratio: "1" } as const;

/** AGGREGATION_TEMPORALITY_CUMULATIVE: each value counts from the start, whatever was sent before. */
const cumulative = 2;

function metricOf({ name, type, unit, help }: Family, samples: readonly Sample[], at: number) {
  const isCounter = type === "counter";
  const dataPoints = samples.map(({ labels, value, since }) => ({
    attributes: attributesOf(labels),
    // A clock may have been set back since then.
    ...(isCounter &&
      since !== undefined && { startTimeUnixNano: nanoseconds(Math.min(since, at)) }),
    timeUnixNano: nanoseconds(at),
    ...(isCounter && Number.isSafeInteger(value) ? { asInt: `${value}` } : doubleOf(value)),
  }));
  const about = { name, description: help, unit: unit === undefined ? "" : units[unit] };
  return isCounter
    ? { ...about, sum: { dataPoints, aggregationTemporality: cumulative, isMonotonic: true } }
    : { ...about, gauge: { dataPoints } };
}

function attributesOf(labels: Labels) {
  return Object.entries(labels).map(([key, stringValue]) => ({ key, value: { stringValue } }));
}

// JSON has no words for these, and the protocol takes their names.
function doubleOf(value: number): { asDouble: number | string } {
  return { asDouble: Number.isFinite(value) ? value : String(value) };
}

// 64 bits are text there, and more than a number holds.
function nanoseconds(ms: number): string {
  return `${BigInt(Math.trunc(ms)) * 1_000_000n}`;
}
