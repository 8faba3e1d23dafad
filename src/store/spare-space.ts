// Space that deleted rows left in the file. What comes next fills it again, so only a lot of it is given back.
import type { ReadTx } from "./store.ts";

/** How many pages one write gives back: half a megabyte, for which SQLite moves others forward in some 3 ms. */
export const pagesAtOnce = 256;

// 2 MiB.
const fewPages = 1_024;

/** Whether a quarter of the file is empty, and that is worth the work. */
export async function hasSpareSpace(tx: ReadTx): Promise<boolean> {
  const row = await tx.get<{ free: number; pages: number }>(
    "select freelist_count as free, page_count as pages from pragma_freelist_count, pragma_page_count",
  );
  return row!.free > fewPages && row!.free * 4 > row!.pages;
}
