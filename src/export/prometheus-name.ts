// What a metric of ours is called in Prometheus, in which unit, and what its labels are. Pure.
import type { Point } from "../metrics/point.ts";
import type { Family, Labels } from "./exposition.ts";

/** Its name, and what a value is to be multiplied with to be in the unit that the name ends in. */
export interface Naming {
  name: string;
  unit: Family["unit"];
  factor: number;
}

// Prometheus has one unit for each quantity.
const units: Readonly<Record<string, { unit: NonNullable<Family["unit"]>; factor: number }>> = {
  ns: { unit: "seconds", factor: 1e-9 },
  us: { unit: "seconds", factor: 1e-6 },
  ms: { unit: "seconds", factor: 1e-3 },
  s: { unit: "seconds", factor: 1 },
  seconds: { unit: "seconds", factor: 1 },
  min: { unit: "seconds", factor: 60 },
  h: { unit: "seconds", factor: 3_600 },
  bytes: { unit: "bytes", factor: 1 },
  B: { unit: "bytes", factor: 1 },
  KB: { unit: "bytes", factor: 1e3 },
  KiB: { unit: "bytes", factor: 1024 },
  MB: { unit: "bytes", factor: 1e6 },
  MiB: { unit: "bytes", factor: 1024 ** 2 },
  GB: { unit: "bytes", factor: 1e9 },
  GiB: { unit: "bytes", factor: 1024 ** 3 },
  percent: { unit: "ratio", factor: 0.01 },
  "%": { unit: "ratio", factor: 0.01 },
  ratio: { unit: "ratio", factor: 1 },
};

// Words that mean something else at the end of a name.
const taken = /_(?:total|count|sum|bucket|info|created|gsum|gcount)$/;

/** `build.time` in ms is `skep_user_build_time_seconds`, and what was 1 is 0.001. */
export function nameOfUser({ name, unit }: Pick<Point, "name" | "unit">): Naming {
  const words = `skep_user_${snake(name)}`;
  const known = Object.hasOwn(units, unit) ? units[unit] : undefined;
  if (known !== undefined) {
    const isSaid = words.endsWith(`_${known.unit}`);
    return { name: isSaid ? words : `${words}_${known.unit}`, ...known };
  }
  const other = unit === "count" ? words : `${words}_${snake(unit.replaceAll("%", "percent"))}`;
  return { name: taken.test(other) ? `${other}_value` : other, unit: undefined, factor: 1 };
}

// Labels that are ours, or mean something to Prometheus.
const takenLabels = new Set(["agent", "le", "quantile"]);

/** The agent and the tags of a point as labels. What stands for too many others is `overflow`; a tag called agent, le or quantile is `tag_agent` and so on. */
export function labelsOf({ agent, tags }: Pick<Point, "agent" | "tags">): Labels {
  const labels: Record<string, string> = agent === null ? {} : { agent };
  for (const [tag, value] of Object.entries(tags)) {
    if (tag === "*") labels["overflow"] = "true";
    // Names that begin with two underscores are Prometheus' own, and a tag begins with a letter.
    else labels[takenLabels.has(tag) ? `tag_${tag}` : tag] = value;
  }
  return labels;
}

function snake(text: string): string {
  return text
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^_+|_+$/g, "");
}
