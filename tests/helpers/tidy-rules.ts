// The house rules about single files, as functions of values: each answers what breaks it, one sentence per
// place, and nothing when all is well.
import {
  type SourceFile,
  importedPath,
  importsOf,
  lineAt,
  literalsOf,
  withoutComments,
} from "./source-file.ts";

const domain = ["hosts", "bus", "agents"];

/** What each part of src/ may import besides itself; packages and the runtime's modules apart. */
export const mayImport: Readonly<Record<string, readonly string[]>> = {
  core: [],
  config: ["core"],
  store: ["core"],
  bus: ["store", "core"],
  agents: ["store", "core"],
  hosts: ["bus", "agents", "store", "core"],
  loop: [...domain, "store", "core"],
  metrics: ["store", "core"],
  notify: ["agents", "core"],
  export: ["metrics", "core"],
  doctor: [...domain, "store", "config", "core"],
  app: [...domain, "loop", "metrics", "notify", "export", "doctor", "store", "config", "core"],
  cli: [...domain, "app", "loop", "metrics", "notify", "export", "doctor", "config", "core"],
  mcp: [...domain, "app", "loop", "config", "core"],
  web: [...domain, "app", "loop", "config", "core"],
};

// Doors hold no SQL, so they have no use for the store; they may name its types.
const doors = ["cli", "mcp", "web"];

// Folders whose files each do one thing beside the others: what two of them share belongs above them.
const sideBySide = ["src/cli/commands/", "src/hosts/runners/"];

/** Imports of ours that point up or sideways. */
export function wrongArrows(file: SourceFile): string[] {
  const from = partOf(file.path);
  if (from === undefined) return [];
  const allowed = mayImport[from];
  if (allowed === undefined) return [`${file.path}: src/${from} is not a part of the design`];
  return importsOf(file).flatMap(({ specifier, line, typeOnly }) => {
    const path = importedPath(file.path, specifier);
    if (path === undefined || path.startsWith("migrations/") || path === "package.json") return [];
    const to = partOf(path);
    if (to === undefined) return [`${file.path}:${line}: ${path} lies outside src/`];
    if (to === from) return areSideBySide(file.path, path) ? [arrow(file, line, path)] : [];
    if (allowed.includes(to)) return [];
    if (typeOnly && to === "store" && doors.includes(from)) return [];
    return [arrow(file, line, path)];
  });
}

function arrow(file: SourceFile, line: number, path: string): string {
  return `${file.path}:${line}: must not import ${path}`;
}

function areSideBySide(one: string, other: string): boolean {
  return sideBySide.some((folder) => one.startsWith(folder) && other.startsWith(folder));
}

// "bus" for src/bus/send.ts, "app" for src/app.ts.
function partOf(path: string): string | undefined {
  return /^src\/([^/.]+)/.exec(path)?.[1];
}

// What only one place may touch, so that it can be understood, replaced or tested there.
const reserved: readonly { what: string; pattern: RegExp; only: readonly string[] }[] = [
  {
    what: "the environment",
    pattern: /\bprocess\s*\.\s*env\b|\bBun\.env\b|\bimport\.meta\.env\b/g,
    only: ["src/config/"],
  },
  {
    what: "the clock",
    pattern:
      /\bDate\.now\b|\bnew Date\b|\bperformance\s*\.|\bprocess\.hrtime\b|\bBun\.nanoseconds\b|\bTemporal\.Now\b/g,
    only: ["src/core/clock.ts"],
  },
  {
    what: "the exit",
    pattern: /\bprocess\s*\.\s*(?:exit|reallyExit|abort)\b/g,
    only: ["bin/", "src/cli/main.ts"],
  },
];

/** Uses of the environment, the clock or the exit where they do not belong; files outside src/ and bin/ may do as they like. */
export function reservedWords(file: SourceFile): string[] {
  if (!/^(src|bin)\//.test(file.path)) return [];
  const code = withoutComments(file.text);
  return reserved
    .filter(({ only }) => !isIn(file.path, only))
    .filter(({ what }) => what !== "the clock" || file.path.startsWith("src/"))
    .flatMap(({ what, pattern, only }) =>
      [...code.matchAll(pattern)].map(
        (match) =>
          `${file.path}:${lineAt(code, match.index)}: ${match[0]}: ${what} belongs to ${only.join(" and ")}`,
      ),
    );
}

// Modules with one home in src/; an empty list says nowhere.
const homes: Readonly<Record<string, readonly string[]>> = {
  "bun:sqlite": ["src/store/driver-bun.ts"],
  "better-sqlite3": ["src/store/driver-better.ts"],
  "node:sqlite": [],
  "bun:ffi": ["src/core/libc-calls.ts", "src/core/subreaper.ts"],
  "node:process": [],
  "node:perf_hooks": [],
  citty: ["src/cli/"],
  consola: ["src/cli/"],
};

/** Imports in src/ of packages that are not dependencies, and of modules that have one home elsewhere. */
export function misplacedModules(file: SourceFile, dependencies: readonly string[]): string[] {
  if (!file.path.startsWith("src/")) return [];
  return importsOf(file).flatMap(({ specifier, line }) => {
    if (specifier.startsWith(".")) return [];
    const name = /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier;
    const home = homes[name];
    const place = `${file.path}:${line}: ${specifier}`;
    if (home !== undefined && !isIn(file.path, home))
      return [`${place} belongs to ${home.join(" and ") || "nobody"}`];
    const builtIn = name === "bun" || /^(node|bun):/.test(name);
    return builtIn || dependencies.includes(name) ? [] : [`${place} is not a dependency`];
  });
}

const longest = 300;

// Written by a program (bin/write-grafana.ts) and read by none of us.
const written = ["src/export/grafana/"];

/** The file, when it has more than 300 lines. */
export function tooLong(file: SourceFile): string[] {
  if (isIn(file.path, written) && file.path.endsWith(".json")) return [];
  const lines = file.text.replace(/\n$/, "").split("\n").length;
  return lines > longest ? [`${file.path}: ${lines} lines; ${longest} are the limit`] : [];
}

/** Imports of our own files that leave the ending out, as Node and Deno cannot follow them. */
export function missingEndings(file: SourceFile): string[] {
  return importsOf(file)
    .filter(({ specifier }) => /^\.{0,2}\//.test(specifier) || /^\.\.?$/.test(specifier))
    .filter(({ specifier }) => !/\.(ts|sql|json|html|css|js)$/.test(specifier))
    .map(({ specifier, line }) => `${file.path}:${line}: ${specifier} lacks its ending`);
}

/** Files in src/ that hand on what others export, and files called index or after nothing in particular. */
export function barrels(file: SourceFile): string[] {
  if (!file.path.startsWith("src/")) return [];
  const name = /([^/]+)\.ts$/.exec(file.path)?.[1] ?? "";
  const vague = ["index", "utils", "util", "helpers", "common", "misc", "shared"];
  return [
    ...(vague.includes(name) ? [`${file.path}: a file is called after what it does`] : []),
    ...importsOf(file)
      .filter(({ reexport }) => reexport)
      .map(({ specifier, line }) => `${file.path}:${line}: re-exports ${specifier}`),
  ];
}

// Migrations that are called after their table, and whose it is.
const ownerOf: Readonly<Record<string, string>> = { heartbeats: "agents" };

/** The table names each migration creates, by the part of src/ that owns them: `0002-agents.sql` belongs to agents. */
export function tableOwners(migrations: readonly SourceFile[]): Map<string, readonly string[]> {
  const owners = new Map<string, readonly string[]>();
  for (const { path, text } of migrations) {
    const name = /\/\d{4}-([a-z]+)[^/]*\.sql$/.exec(path)?.[1] ?? "nobody";
    const part = ownerOf[name] ?? name;
    for (const [, table] of text.matchAll(/^create table (?:if not exists )?(\w+)/gim))
      owners.set(table!, table === "meta" ? ["store", "bus", "agents"] : [part]);
  }
  return owners;
}

/** SQL that names a table outside the folder that owns it, and any SQL in a door. Views may be read from anywhere but doors. */
export function strangeTables(
  file: SourceFile,
  owners: ReadonlyMap<string, readonly string[]>,
): string[] {
  const part = partOf(file.path);
  if (part === undefined) return [];
  return literalsOf(file).flatMap(({ text, line }) => {
    if (doors.includes(part) && statement.test(text))
      return [`${file.path}:${line}: a door holds no SQL`];
    if (!looksLikeSql.test(text)) return [];
    return [...text.matchAll(tableName)]
      .map((match) => match[1]!)
      .filter((table) => owners.get(table)?.includes(part) === false)
      .map(
        (table) =>
          `${file.path}:${line}: the table ${table} belongs to ${owners.get(table)!.join(", ")}`,
      );
  });
}

const statement =
  /^\s*(?:select\s|insert\s+into\s|delete\s+from\s|update\s+\w+\s+set\s|pragma\s|begin\s+immediate)/i;

// People are told of messages "from agents" too, so a name alone is not enough.
const looksLikeSql =
  /\b(?:select|insert|delete\s+from|join|where|order\s+by|(?:create|drop|alter)\s+table)\s|\bupdate\s+\w+\s+set\b/i;

const tableName = /\b(?:from|join|into|update|table)\s+(\w+)\b/gi;

function isIn(path: string, places: readonly string[]): boolean {
  return places.some((place) => (place.endsWith("/") ? path.startsWith(place) : path === place));
}
