// A point: one value of one metric, with its unit and tags, and which of them there can be.
import { SkepError } from "../core/errors.ts";
import { nearest } from "../core/names.ts";
import {
  metricLengthMax,
  metricPattern,
  readMetric,
  recordedUnit,
  tagPattern,
  unitPattern,
} from "../core/metric-names.ts";

export interface Point {
  name: string;
  value: number;
  unit: string;
  /** Whom it is about, or who emitted it; null: nobody in particular. */
  agent: string | null;
  tags: Readonly<Record<string, string>>;
}

/** The unit of what has none. */
export const usualUnit = "count";

const tagsMax = 8;
const tagValueMax = 64;

/** `point` itself when somebody may emit it. E_NAME for its name or a tag that cannot be, E_USAGE for a unit or a value that cannot. */
export function checkPoint(point: Point): Point {
  const { name, value, unit, tags } = point;
  checkMetricName(name);
  if (recordedUnit(name) !== undefined || readMetric(name) !== undefined)
    throw new SkepError("E_NAME", `${name} is what skep itself measures`, {
      hint: "Give yours another name: a word of your own before it will do.",
    });
  if (!Number.isFinite(value))
    throw new SkepError("E_USAGE", `${name}: ${shown(String(value))} is not a number to record`, {
      hint: "A value is a finite number, such as 12.5 or -3e4.",
    });
  if (!unitPattern.test(unit))
    throw new SkepError("E_USAGE", `${name}: ${shown(unit)} is not a unit`, {
      hint: "A unit is a short word: ms, bytes, percent, count, req/s.",
    });
  checkTags(name, tags);
  return point;
}

/** Throws E_NAME when `name` can be no metric's. */
export function checkMetricName(name: string): void {
  if (metricPattern.test(name) && name.length <= metricLengthMax) return;
  throw new SkepError("E_NAME", `${shown(name)} is not the name of a metric`, {
    hint: `Words of letters, digits, dashes and underscores, the first with a letter in front, with dots between them, ${metricLengthMax} characters at most: build.time.`,
  });
}

function checkTags(name: string, tags: Point["tags"]): void {
  const entries = Object.entries(tags);
  if (entries.length > tagsMax)
    throw new SkepError("E_USAGE", `${name}: ${entries.length} tags are too many`, {
      hint: `${tagsMax} is the limit.`,
    });
  for (const [tag, value] of entries) {
    if (!tagPattern.test(tag))
      throw new SkepError("E_NAME", `${name}: ${shown(tag)} is not the name of a tag`, {
        hint: "A letter, then letters, digits and underscores, 32 characters at most.",
      });
    // What could drive a terminal is no use in a tag either.
    if (
      value === "" ||
      value.length > tagValueMax ||
      /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(value)
    )
      throw new SkepError("E_NAME", `${name}: ${shown(value)} cannot be the tag ${tag}`, {
        hint: `A tag has 1 to ${tagValueMax} characters that can be seen.`,
      });
  }
}

/** The number that `text` is, as one writes it: 12.5, -3e4. NaN for anything else. */
export function numberOf(text: string): number {
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
}

/** The tags that `words` like `key=value` name. E_USAGE for a word that is none, or a tag that is there twice. */
export function tagsOf(words: readonly string[]): Record<string, string> {
  const tags: Record<string, string> = {};
  for (const word of words) {
    const at = word.indexOf("=");
    if (at < 1)
      throw new SkepError("E_USAGE", `${shown(word)} is not a tag`, { hint: "Write key=value." });
    const tag = word.slice(0, at);
    if (Object.hasOwn(tags, tag))
      throw new SkepError("E_USAGE", `the tag ${tag} is given twice`, { hint: "Give it once." });
    put(tags, tag, word.slice(at + 1));
  }
  return tags;
}

const keys = ["name", "value", "unit", "tags"];

/** The point that a line of JSON describes, emitted by `agent`. E_USAGE or E_NAME when it describes none that can be. */
export function parsePointLine(line: string, agent: string | null): Point {
  let given: unknown;
  try {
    given = JSON.parse(line);
  } catch {
    throw wrong(`not a line of JSON: ${shown(line)}`);
  }
  if (!isObject(given)) throw wrong("a point is a JSON object");
  for (const key of Object.keys(given))
    if (!keys.includes(key)) throw wrong(`a point has no ${shown(key)}`, nearest(key, keys));
  const { name, value, unit = usualUnit, tags = {} } = given;
  if (typeof name !== "string") throw wrong("a point needs a text in name");
  if (typeof value !== "number") throw wrong("a point needs a number in value");
  if (typeof unit !== "string") throw wrong("unit has to be a text");
  if (!isObject(tags)) throw wrong("tags has to be an object");
  const texts: Record<string, string> = {};
  for (const [tag, text] of Object.entries(tags)) {
    if (typeof text !== "string") throw wrong(`the tag ${shown(tag)} has to be a text`);
    put(texts, tag, text);
  }
  return checkPoint({ name, value, unit, agent, tags: texts });
}

// An assignment to __proto__ would set something else.
function put(tags: Record<string, string>, tag: string, value: string): void {
  Object.defineProperty(tags, tag, { value, enumerable: true, configurable: true, writable: true });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function wrong(what: string, guess?: string): SkepError {
  return new SkepError("E_USAGE", what, {
    hint:
      guess === undefined
        ? `A point is a line like {"name":"build.time","value":12.5,"unit":"ms","tags":{"phase":"link"}}.`
        : `Did you mean ${guess}?`,
  });
}

function shown(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}...` : text);
}
