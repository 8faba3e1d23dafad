// All points, in the order in which they came and some at a time, for whoever writes them all down.
import type { Store } from "../store/store.ts";
import type { Window } from "./figures.ts";
import type { Recording } from "./tail.ts";

export const pointColumns = [
  "id",
  "at",
  "name",
  "value",
  "unit",
  "agent",
  "tags",
] as const satisfies readonly (keyof Recording)[];

const pageRows = 5_000;

/** Those that were measured from `since` on and before `until`. */
export async function* pointPages(
  vitals: Store,
  { since, until }: Window,
): AsyncGenerator<Recording[], void, void> {
  let after = 0;
  for (;;) {
    const params = { after, since, until };
    const page = await vitals.read((tx) =>
      tx.all<Recording>(
        `select ${pointColumns.join(", ")} from metrics
          where id > $after and at >= $since and at < $until order by id limit ${pageRows}`,
        params,
      ),
    );
    if (page.length > 0) yield page;
    if (page.length < pageRows) return;
    after = page.at(-1)!.id;
  }
}
