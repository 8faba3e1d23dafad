// better-sqlite3 behind the driver port: for Node and Deno, which have no bun:sqlite. It is loaded when a database
// is first opened, so that the compiled executable neither holds nor needs it.
import { SkepError } from "../core/errors.ts";
import type { Connection, Driver, Statement } from "./driver.ts";
import type { Params, Value } from "./store.ts";

export const betterDriver: Driver = {
  open(path, { readonly }): Connection {
    const db = openDatabase(path, readonly);
    return {
      exec: (sql) => void db.exec(sql),
      prepare: (sql) => statement(db.prepare(sql)),
      table(sql) {
        const one = db.prepare(sql);
        if (!one.reader) {
          one.run({});
          return { columns: [], rows: [] };
        }
        const columns = one.columns().map(({ name }) => name);
        const rows = one.safeIntegers().raw().all({}) as unknown as Value[][];
        return { columns, rows: rows.map((row) => row.map(plainValue)) };
      },
      // This library ends its own statements.
      close: () => void db.close(),
    };
  },
};

/** What is used of the library; it comes without types. */
interface BetterDatabase {
  exec(sql: string): unknown;
  prepare(sql: string): BetterStatement;
  close(): unknown;
}

interface BetterStatement {
  /** Whether it answers rows. Asked for rows when it does not, it throws. */
  readonly reader: boolean;
  run(params: Bound): { changes: number; lastInsertRowid: number | bigint };
  get(params: Bound): Row | undefined;
  all(params: Bound): Row[];
  /** Has it answer lists of values. */
  raw(): BetterStatement;
  safeIntegers(): BetterStatement;
  columns(): { name: string }[];
}

type Library = new (
  path: string,
  options: { readonly: boolean; fileMustExist: boolean; timeout: number },
) => BetterDatabase;

type Bound = Record<string, string | number | bigint | Uint8Array | null>;
type Row = Record<string, unknown>;

function openDatabase(path: string, readonly: boolean): BetterDatabase {
  const Database = library();
  try {
    // Its own busy timeout would be 5 s, in which the process hears nothing; the session sets the one that is wanted.
    return new Database(path, { readonly, fileMustExist: true, timeout: 0 });
  } catch (error) {
    // It looks for the directory itself, and does not say so in SQLite's words.
    if (!(error instanceof TypeError)) throw error;
    throw Object.assign(new Error(error.message), { code: "SQLITE_CANTOPEN" });
  }
}

let loaded: Library | undefined;

function library(): Library {
  return (loaded ??= load());
}

// Its prebuilt addon takes the whole process down under an older Node.
const leastNode = 22;

function load(): Library {
  const { bun, deno, node } = process.versions;
  if (bun === undefined && deno === undefined && Number.parseInt(node, 10) < leastNode)
    throw new SkepError("E_ENGINE", `Node ${node} cannot run the database engine`, {
      hint: `Use Node ${leastNode} or newer, Deno 2, or the compiled skep.`,
    });
  // A name that no bundler takes for something to look into, for it has to stay outside.
  const { createRequire } = process.getBuiltinModule("node:module");
  try {
    return createRequire(import.meta.url)("better-sqlite3") as Library;
  } catch (error) {
    throw new SkepError("E_ENGINE", "the package better-sqlite3 cannot be loaded", {
      hint: "Install it where skep lies: npm install better-sqlite3@13.",
      cause: error,
    });
  }
}

function statement(prepared: BetterStatement): Statement {
  const { reader } = prepared;
  return {
    run(params) {
      const { changes, lastInsertRowid } = prepared.run(bound(params));
      return { changes, lastId: Number(lastInsertRowid) };
    },
    get(params) {
      if (reader) return plain(prepared.get(bound(params)));
      prepared.run(bound(params));
      return undefined;
    },
    all(params) {
      if (reader) return prepared.all(bound(params)).map(plain);
      prepared.run(bound(params));
      return [];
    },
  };
}

// The library binds every number as a real, which prints as "1.0" and divides as one, and no boolean at all.
function bound(params: Params): Bound {
  const made: Bound = {};
  for (const name in params) {
    const value = params[name]!;
    if (typeof value === "boolean") made[name] = value ? 1n : 0n;
    else made[name] = Number.isSafeInteger(value) ? BigInt(value as number) : value;
  }
  return made;
}

function plain<R extends Row | undefined>(row: R): R {
  for (const name in row) {
    const value = row[name];
    if (value instanceof Uint8Array) (row as Row)[name] = plainValue(value);
  }
  return row;
}

// Bytes come as Buffers, whose `slice` and `toJSON` are not those of the plain arrays that everybody expects.
function plainValue<V>(value: V): V | Uint8Array {
  if (!(value instanceof Uint8Array)) return value;
  return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
}
