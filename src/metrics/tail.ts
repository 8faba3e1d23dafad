// Tail: points as they come.
import { sleep } from "../core/clock.ts";
import type { ReadTx, Store } from "../store/store.ts";

/** A point as it was recorded. */
export interface Recording {
  id: number;
  at: number;
  name: string;
  value: number;
  unit: string;
  agent: string | null;
  /** A JSON object. */
  tags: string;
}

export interface TailOptions {
  /** How many of the newest to begin with. */
  last: number;
  /** How far back to begin; all the way when left out. */
  sinceMs?: number | undefined;
  /** Only points of this metric. */
  name?: string | undefined;
  /** Goes on until it aborts; ends after the first ones when left out. */
  follow?: AbortSignal | undefined;
}

const lookEveryMs = 500;
const atOnce = 1_000;

const columns = "id, at, name, value, unit, agent, tags";
const named = "($name is null or name = $name)";

/** The newest points and, as long as `follow` lets it, those that come; some at a time, in their order. The file may be deleted meanwhile. */
export async function* tailPoints(
  vitals: () => Promise<Store>,
  { last, name, sinceMs, follow }: TailOptions,
): AsyncGenerator<Recording[], void, void> {
  const filter = { name: name ?? null };
  let lastId = 0;
  const first = await (
    await vitals()
  ).read(async (tx) => {
    lastId = await newestId(tx);
    return tx.all<Recording>(
      `select ${columns} from metrics where ${named} and at >= $since order by id desc limit $last`,
      { ...filter, last, since: sinceMs === undefined ? 0 : tx.now - sinceMs },
    );
  });
  yield first.toReversed();
  while (follow !== undefined && !follow.aborted) {
    const points = await (
      await vitals()
    ).read(async (tx) => {
      const newest = await newestId(tx);
      // The file is another one: its points are counted anew.
      if (newest < lastId) lastId = 0;
      const found = await tx.all<Recording>(
        `select ${columns} from metrics where id > $lastId and ${named} order by id limit ${atOnce}`,
        { ...filter, lastId },
      );
      lastId = found.length === atOnce ? found.at(-1)!.id : newest;
      return found;
    });
    if (points.length > 0) yield points;
    if (points.length < atOnce) await sleep(lookEveryMs, follow);
  }
}

async function newestId(tx: ReadTx): Promise<number> {
  return (await tx.get<{ id: number | null }>("select max(id) as id from points"))!.id ?? 0;
}
