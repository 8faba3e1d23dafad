// A reader of OTLP/JSON that takes nothing but what the protocol has: the messages of metrics.proto, field by field, as
// proto3's JSON mapping and the protocol's own deviations from it want them (keys in lowerCamelCase, 64 bits as text,
// enumerations as numbers).

type Check = (value: unknown) => string | undefined;
type Message = Readonly<Record<string, Check>>;

export interface ReadPoint {
  attributes: Record<string, string>;
  start: bigint | undefined;
  time: bigint;
  value: number;
}

export interface ReadMetric {
  name: string;
  description: string;
  unit: string;
  kind: "gauge" | "sum";
  points: ReadPoint[];
}

export interface ReadRequest {
  resource: Record<string, string>;
  metrics: ReadMetric[];
}

const is = (type: string, words: string) => (value: unknown) =>
  typeof value === type ? undefined : `is no ${words}`;
const text = is("string", "string");
const bool = is("boolean", "bool");
const whole64: Check = (value) =>
  typeof value === "string" && /^-?\d{1,20}$/.test(value) ? undefined : "is not 64 bits as text";
const whole32: Check = (value) => (Number.isInteger(value) ? undefined : "is no whole number");
const double: Check = (value) =>
  (typeof value === "number" && Number.isFinite(value)) ||
  ["NaN", "Infinity", "-Infinity"].includes(value as string)
    ? undefined
    : "is no double";
const list =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) ? value.map(check).find((wrong) => wrong !== undefined) : "is no list";

function message(fields: () => Message, oneof: readonly string[] = []): Check {
  return (value) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return "is no message";
    const known = fields();
    for (const [key, inner] of Object.entries(value)) {
      const check = known[key];
      if (check === undefined) return `has a field ${key}`;
      const wrong = check(inner);
      if (wrong !== undefined) return `${key} ${wrong}`;
    }
    const chosen = oneof.filter((key) => Object.hasOwn(value, key));
    return oneof.length === 0 || chosen.length === 1 ? undefined : `has ${chosen} of ${oneof}`;
  };
}

const anyValue = message(
  () => ({ stringValue: text, boolValue: bool, intValue: whole64, doubleValue: double }),
  ["stringValue", "boolValue", "intValue", "doubleValue"],
);
const keyValue = message(() => ({ key: text, value: anyValue }));
const attributes = { attributes: list(keyValue), droppedAttributesCount: whole32 };
const point = message(
  () => ({
    attributes: list(keyValue),
    startTimeUnixNano: whole64,
    timeUnixNano: whole64,
    asDouble: double,
    asInt: whole64,
    flags: whole32,
  }),
  ["asDouble", "asInt"],
);
const gauge = message(() => ({ dataPoints: list(point) }));
const sum = message(() => ({
  dataPoints: list(point),
  aggregationTemporality: whole32,
  isMonotonic: bool,
}));
const metric = message(
  () => ({ name: text, description: text, unit: text, gauge, sum }),
  ["gauge", "sum"],
);
const scope = message(() => ({ name: text, version: text, ...attributes }));
const scopeMetrics = message(() => ({ scope, metrics: list(metric), schemaUrl: text }));
const resource = message(() => attributes);
const resourceMetrics = message(() => ({
  resource,
  scopeMetrics: list(scopeMetrics),
  schemaUrl: text,
}));
const request = message(() => ({ resourceMetrics: list(resourceMetrics) }));

/* eslint-disable @typescript-eslint/no-explicit-any */
/** What a request body tells; throws where it is none by the protocol, or says something that makes no sense there. */
export function readOtlp(body: string): ReadRequest {
  const value: any = JSON.parse(body);
  const wrong = request(value);
  if (wrong !== undefined) throw new Error(`no ExportMetricsServiceRequest: ${wrong}`);
  const [only, ...others] = value.resourceMetrics;
  if (others.length > 0) throw new Error("more than one resource");
  const metrics = only.scopeMetrics.flatMap((one: any) => one.metrics.map(readMetric));
  if (metrics.length === 0) throw new Error("an empty envelope");
  return { resource: pairs(only.resource.attributes), metrics };
}

function readMetric({ name, description, unit, gauge: ofGauge, sum: ofSum }: any): ReadMetric {
  const kind = ofSum === undefined ? "gauge" : "sum";
  const { dataPoints, aggregationTemporality, isMonotonic } = ofSum ?? ofGauge;
  if (kind === "sum" && (aggregationTemporality !== 2 || isMonotonic !== true))
    throw new Error(`${name} is no cumulative counter`);
  if (dataPoints.length === 0) throw new Error(`${name} has no points`);
  const points = dataPoints.map((one: any) => ({
    attributes: pairs(one.attributes),
    start: one.startTimeUnixNano === undefined ? undefined : BigInt(one.startTimeUnixNano),
    time: BigInt(one.timeUnixNano),
    value: Number(one.asInt ?? one.asDouble),
  }));
  if (points.some(({ start, time }: ReadPoint) => start !== undefined && start > time))
    throw new Error(`${name} begins after it ends`);
  return { name, description, unit, kind, points };
}

function pairs(all: any[]): Record<string, string> {
  const found: Record<string, string> = Object.fromEntries(
    all.map(({ key, value }) => [key, value.stringValue]),
  );
  if (Object.keys(found).length !== all.length) throw new Error("an attribute comes twice");
  return found;
}
