// A point of one of skep's own metrics.
import { type OwnMetric, ownMetrics } from "../core/metric-names.ts";
import type { Point } from "./point.ts";

/** The point, with the unit that its metric has; about nobody and without tags unless that is said. */
export function ownPoint(
  name: OwnMetric,
  value: number,
  { agent = null, tags = {} }: Partial<Pick<Point, "agent" | "tags">> = {},
): Point {
  return { name, value, unit: ownMetrics[name].unit, agent, tags };
}
