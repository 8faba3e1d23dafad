// How far a walk has come that looks at everything, a bounded bit of it each turn.
import type { ReadTx, WriteTx } from "../store/store.ts";

/** The walks that there are, by the key of their row in meta. */
export type Walk = "pruned_up_to" | "expired_up_to";

/** Where the next turn of `walk` goes on; undefined when it begins anew. */
export async function walkedTo(tx: ReadTx, walk: Walk): Promise<string | undefined> {
  const row = await tx.get<{ value: string }>("select value from meta where key = $walk", { walk });
  return row?.value;
}

/** Notes where the next turn of `walk` goes on; undefined: it begins anew. Nothing is written where that is so already. */
export async function noteWalk(tx: WriteTx, walk: Walk, to: string | undefined): Promise<void> {
  if (to === (await walkedTo(tx, walk))) return;
  if (to === undefined) await tx.run("delete from meta where key = $walk", { walk });
  else
    await tx.run(
      `insert into meta (key, value) values ($walk, $to)
       on conflict (key) do update set value = $to`,
      { walk, to },
    );
}
