// `skep metrics emit`: points from the command line, or from JSON lines.
import type { App } from "../app.ts";
import { SkepError, exitStatus, isSkepError } from "../core/errors.ts";
import { textOf } from "../core/text.ts";
import {
  type Point,
  checkPoint,
  numberOf,
  parsePointLine,
  tagsOf,
  usualUnit,
} from "../metrics/point.ts";
import { type Recorded, recordPoints } from "../metrics/record.ts";
import { retainAfter } from "../metrics/retain.ts";
import { namesWithRoom, seriesMax, tooManyNames } from "../metrics/series.ts";
import type { Context } from "./context.ts";
import { describe } from "./failure.ts";
import { open } from "./open.ts";

export interface EmitArgs {
  name: string | undefined;
  value: string | undefined;
  unit: string | undefined;
  tags: readonly string[];
  batch: boolean;
}

/** Records the point that `args` describe, or those on standard input: the exit status of the first that was refused there. */
export async function emit(context: Context, args: EmitArgs): Promise<number | void> {
  const { name, value, unit, tags, batch } = args;
  if (batch) {
    if (name !== undefined || unit !== undefined || tags.length > 0)
      throw new SkepError("E_USAGE", "--batch takes names, units and tags from its lines", {
        hint: "Leave them out, or leave --batch out.",
      });
    return await emitLines(context);
  }
  if (name === undefined || value === undefined)
    throw new SkepError("E_USAGE", `${name === undefined ? "NAME" : "VALUE"} is missing`, {
      hint: "Write skep metrics emit NAME VALUE, or --batch.",
    });
  const agent = context.as ?? null;
  const number = numberOf(value);
  if (Number.isNaN(number))
    throw new SkepError("E_USAGE", `${JSON.stringify(value)} is not a number`, {
      hint: "A value is a finite number, such as 12.5 or -3e4; -- goes before one below zero.",
    });
  const point = checkPoint({
    name,
    value: number,
    unit: unit ?? usualUnit,
    agent,
    tags: tagsOf(tags),
  });
  const { untagged } = await record(await open(context), [point]);
  if (untagged > 0) sayUntagged(context, untagged);
  if (context.json) await context.data(JSON.stringify({ ...point, recorded: true }));
}

// A name, a value, and as many tags as there can be.
const lineBytesMax = 16_384;

async function emitLines(context: Context): Promise<number | undefined> {
  const app = await open(context);
  const done = { recorded: 0, refused: 0, untagged: 0 };
  let status: number | undefined;
  let number = 0;
  for await (const lines of context.readLines(lineBytesMax)) {
    const points: Numbered[] = [];
    for (const line of lines) {
      number++;
      if (line?.every((byte) => byte === 32 || byte === 9 || byte === 13)) continue;
      const point = parsed(line, context.as ?? null);
      if (!isSkepError(point)) {
        points.push({ point, line: number });
        continue;
      }
      done.refused++;
      status ??= exitStatus[point.code];
      await context.data(refusal(number, point));
    }
    for (let first = 0; first < points.length; first += pointsAtOnce) {
      const { untagged, refused, recorded } = await recordSome(
        app,
        points.slice(first, first + pointsAtOnce),
      );
      done.recorded += recorded;
      done.untagged += untagged;
      done.refused += refused.length;
      for (const { line, point } of refused) {
        const error = tooManyNames(point.name);
        status ??= exitStatus[error.code];
        await context.data(refusal(line, error));
      }
    }
  }
  if (done.untagged > 0) sayUntagged(context, done.untagged);
  await context.data(JSON.stringify(done));
  return status;
}

const pointsAtOnce = 1_000;

interface Numbered {
  point: Point;
  line: number;
}

/** Records those of `points` whose metrics there is room for. */
async function recordSome(app: App, points: readonly Numbered[]) {
  try {
    const { untagged } = await record(
      app,
      points.map(({ point }) => point),
    );
    return { untagged, refused: [], recorded: points.length };
  } catch (error) {
    if (!isSkepError(error, "E_FULL")) throw error;
  }
  const names = [...new Set(points.map(({ point }) => point.name))];
  const store = await app.vitals();
  const fitting = await store.read((tx) => namesWithRoom(tx, names));
  const some = points.filter(({ point }) => fitting.has(point.name));
  const refused = points.filter(({ point }) => !fitting.has(point.name));
  if (some.length === 0) return { untagged: 0, refused, recorded: 0 };
  const { untagged } = await record(
    app,
    some.map(({ point }) => point),
  );
  return { untagged, refused, recorded: some.length };
}

async function record(app: App, points: readonly Point[]): Promise<Recorded> {
  const store = await app.vitals();
  const recorded = await store.write((tx) => recordPoints(tx, points));
  const { lastId } = recorded;
  await retainAfter(store, app.settings.metrics, { lastId, count: points.length });
  return recorded;
}

function parsed(line: Uint8Array | undefined, agent: string | null): Point | SkepError {
  const text = line === undefined ? undefined : textOf(line);
  try {
    if (text !== undefined) return parsePointLine(text, agent);
    const what = line === undefined ? "too long for a point" : "not UTF-8";
    throw new SkepError("E_USAGE", `the line is ${what}`, { hint: "A point is one line of JSON." });
  } catch (error) {
    if (isSkepError(error)) return error;
    throw error;
  }
}

function refusal(line: number, error: SkepError): string {
  const told = describe(error, { json: true, colour: false, debug: false });
  return JSON.stringify({ line, ...JSON.parse(told) });
}

function sayUntagged(context: Context, count: number): void {
  context.say(
    `${count} ${count === 1 ? "point was" : "points were"} recorded without agent and tags: their metric has ${seriesMax} combinations of them already`,
  );
}
