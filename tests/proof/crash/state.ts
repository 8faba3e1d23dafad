// All that a database says, but for what is another thing each time: who waited where, and random numbers.
import type { Store } from "../../../src/store/store.ts";

const random = ["nonce", "pid", "port", "start_time"];

/** Every row of every table, as one text. */
export async function stateOf(store: Pick<Store, "read">): Promise<string> {
  return await store.read(async (tx) => {
    const tables = await tx.all<{ name: string }>(
      "select name from sqlite_schema where type = 'table' and name not like 'sqlite_%' order by name",
    );
    const lines: string[] = [];
    for (const { name } of tables) {
      const rows = await tx.all<Record<string, unknown>>(`select * from ${name}`);
      for (const row of rows) lines.push(`${name} ${JSON.stringify(row, without(random))}`);
    }
    // The inbox of a request has a name that nobody else has.
    return lines
      .toSorted()
      .join("\n")
      .replaceAll(/request-[0-9a-f]+/g, "request-…");
  });
}

function without(keys: readonly string[]) {
  return (key: string, value: unknown) => (keys.includes(key) && value !== null ? "…" : value);
}
