import { expect, test } from "bun:test";
import type { Family } from "../../src/export/exposition.ts";
import { type Origin, otlpBodies, pointsMax } from "../../src/export/otlp.ts";
import { familiesOf } from "../../src/export/prometheus.ts";
import { type ReadMetric, readOtlp } from "../helpers/otlp-reader.ts";
import { example } from "./snapshots.ts";

const origin: Origin = {
  version: "1.2.3",
  instance: "4711",
  swarm: "census",
  at: 1_700_000_000_123,
};

function metricsOf(families: readonly Family[]): ReadMetric[] {
  return [...otlpBodies(families, origin)].flatMap(({ text }) => readOtlp(text).metrics);
}

test("what Prometheus gets is told by the same names, with units and kinds as the protocol has them", () => {
  const metrics = metricsOf(familiesOf(example));
  const find = (name: string) => metrics.find((one) => one.name === name);
  const time = 1_700_000_000_123_000_000n;
  expect(find("skep_inbox_sent")).toEqual({
    name: "skep_inbox_sent",
    description: "Deliveries that were sent to it.",
    unit: "",
    kind: "sum",
    points: ["a1", "b1"].map((inbox) => ({
      attributes: { inbox },
      start: 1_600_000_000_000_000_000n,
      time,
      value: 20,
    })),
  });
  expect(find("skep_agent_restarts")).toMatchObject({
    kind: "sum",
    points: [
      { attributes: { agent: "w-1", group: "workers" }, start: 1_650_000_000_000_000_000n },
      { attributes: { agent: "w-2", group: "workers" }, value: 2 },
    ],
  });
  expect(find("skep_process_resident_memory_bytes")).toMatchObject({ kind: "gauge", unit: "By" });
  expect(find("skep_inbox_utilization_ratio")).toMatchObject({ unit: "1", kind: "gauge" });
  expect(find("skep_user_build_time_seconds")).toMatchObject({
    unit: "s",
    points: [{ attributes: { phase: 'a"b\\c' }, start: undefined, time, value: 0.8 }],
  });
  const told = familiesOf(example).filter(({ samples }) => samples.length > 0);
  expect(metrics.map(({ name }) => name)).toEqual(told.map(({ name }) => name));
  expect(
    metrics.map(({ points }) => points.map(({ attributes, value }) => [attributes, value])),
  ).toEqual(told.map(({ samples }) => samples.map(({ labels, value }) => [labels, value])));
});

test("whose figures they are is said with them", () => {
  const resourceOf = (of: Origin) =>
    readOtlp([...otlpBodies(familiesOf(example), of)][0]!.text).resource;
  expect(resourceOf(origin)).toEqual({
    "service.name": "skep",
    "service.version": "1.2.3",
    "service.instance.id": "4711",
    "skep.swarm": "census",
  });
  expect(Object.keys(resourceOf({ ...origin, swarm: null }))).not.toContain("skep.swarm");
});

test("counters are whole as long as they can be, and no value is beyond what JSON can say", () => {
  const values = [0, 2 ** 53 - 1, 2 ** 60, 0.5, Number.NaN, Number.POSITIVE_INFINITY, -5e300];
  const samples = values.map((value, n) => ({ labels: { n: `${n}` }, value }));
  for (const type of ["counter", "gauge"] as const) {
    const [metric] = metricsOf([{ name: "x", type, help: "x", samples }]);
    expect(metric!.points.map(({ value }) => value)).toEqual(values);
  }
  const [body] = otlpBodies([{ name: "x", type: "counter", help: "x", samples }], origin);
  expect(body!.text).toContain('"asInt":"9007199254740991"');
  expect(body!.text).toContain('"asDouble":"NaN"');
});

test("a counter that began in the future, by a clock that was set back, begins now", () => {
  const samples = [{ labels: {}, value: 1, since: origin.at + 5_000 }];
  const [metric] = metricsOf([{ name: "x", type: "counter", help: "x", samples }]);
  expect(metric!.points[0]!.start).toBe(metric!.points[0]!.time);
});

test("what is too much for one request goes into several, and each point into one of them", () => {
  const samplesOf = (count: number) =>
    Array.from({ length: count }, (_, n) => ({ labels: { n: `${n}` }, value: n }));
  const families = [2, 0, pointsMax, 3].map((count, n) => ({
    name: `x${n}`,
    type: "gauge" as const,
    help: "x",
    samples: samplesOf(count),
  }));
  const bodies = [...otlpBodies(families, origin)];
  expect(bodies.map(({ points }) => points)).toEqual([pointsMax, 5]);
  const points = metricsOf(families).flatMap(({ name, points: all }) =>
    all.map(({ value }) => `${name} ${value}`),
  );
  expect(points.length).toBe(pointsMax + 5);
  expect(new Set(points).size).toBe(points.length);
  expect([...otlpBodies([], origin)]).toEqual([]);
  expect([...otlpBodies([families[1]!], origin)]).toEqual([]);
});
