// bun:sqlite behind the driver port.
import type { Statement as BunStatement } from "bun:sqlite";
import type { Connection, Driver, Statement } from "./driver.ts";
import type { Value } from "./store.ts";

// Not a plain import: the same file is loaded under Node and Deno, which have no such module. Nor where it is called:
// `process.getBuiltinModule` takes a command 0.5 ms longer for it.
const sqlite = process.versions.bun === undefined ? undefined : await import("bun:sqlite");

export const bunDriver: Driver = {
  open(path, { readonly }): Connection {
    // `strict` makes a missing named parameter an error; without it NULL is bound in silence.
    const db = new sqlite!.Database(
      path,
      readonly ? { readonly, strict: true } : { readwrite: true, create: false, strict: true },
    );
    const prepared: BunStatement[] = [];
    return {
      exec: (sql) => void db.run(sql),
      prepare(sql) {
        const one = db.prepare(sql);
        prepared.push(one);
        return statement(one);
      },
      table(sql) {
        const one = db.prepare(sql);
        try {
          one.safeIntegers(true);
          return { rows: one.values() as Value[][], columns: one.columnNames };
        } finally {
          one.finalize();
        }
      },
      close() {
        // A statement that is still there keeps the connection, its files and its locks open.
        for (const one of prepared) one.finalize();
        db.close();
      },
    };
  },
};

function statement(prepared: BunStatement): Statement {
  return {
    run(params) {
      const { changes, lastInsertRowid } = prepared.run(params as never);
      return { changes, lastId: Number(lastInsertRowid) };
    },
    // bun:sqlite answers null where there is no row.
    get: (params) => prepared.get(params as never) ?? undefined,
    all: (params) => prepared.all(params as never),
  };
}
