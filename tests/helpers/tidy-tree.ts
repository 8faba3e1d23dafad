// The house rules about the tree as a whole: cycles, files nobody needs, what lies where, what is installed.
import { type SourceFile, importedPath, importsOf } from "./source-file.ts";

/** Every ring of files that import one another, types too, each told once. */
export function cycles(files: readonly SourceFile[]): string[] {
  const graph = graphOf(files);
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (path: string, trail: readonly string[]) => {
    const start = trail.indexOf(path);
    if (start >= 0) found.push([...trail.slice(start), path].join(" -> "));
    if (start >= 0 || done.has(path)) return;
    for (const next of graph.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
  return found;
}

/** Files in src/ and migrations/ that nothing leads to from `entry`; declarations (`.d.ts`) apart. */
export function unusedFiles(files: readonly SourceFile[], entry: string): string[] {
  const graph = graphOf(files);
  const reached = new Set<string>();
  const visit = (path: string) => {
    if (reached.has(path)) return;
    reached.add(path);
    for (const next of graph.get(path) ?? []) visit(next);
  };
  visit(entry);
  return files
    .map(({ path }) => path)
    .filter((path) => /^(src|migrations)\//.test(path) && !path.endsWith(".d.ts"))
    .filter((path) => !reached.has(path))
    .map((path) => `${path}: nothing leads here from ${entry}`);
}

/** Imports of files of ours that are not there. */
export function brokenImports(
  files: readonly SourceFile[],
  exists: (path: string) => boolean,
): string[] {
  return files.flatMap((file) =>
    importsOf(file).flatMap(({ specifier, line }) => {
      const path = importedPath(file.path, specifier);
      return path === undefined || exists(path) ? [] : [`${file.path}:${line}: no ${path}`];
    }),
  );
}

/** Test files in a folder named like a part of src/ that mirror no source file there. */
export function strayTests(paths: readonly string[], parts: readonly string[]): string[] {
  return paths.flatMap((path) => {
    const [, part, name] = /^tests\/([^/]+)\/(.+)\.test\.ts$/.exec(path) ?? [];
    if (part === undefined || !parts.includes(part)) return [];
    const mirrored = `src/${part}/${name}.ts`;
    return paths.includes(mirrored) ? [] : [`${path}: there is no ${mirrored}`];
  });
}

const topLevel = [
  "package.json",
  "package-lock.json",
  "tsconfig.json",
  "bunfig.toml",
  "src",
  "tests",
  "migrations",
  "bin",
  "docs",
  "examples",
  "bench",
  "README.md",
  "CHANGELOG.md",
  "LICENSE",
];

/** Names at the top of the repository that the design does not allow; dotfiles are, and what git ignores. */
export function strangersAtTheTop(names: readonly string[], ignored: readonly string[]): string[] {
  return names
    .filter((name) => !name.startsWith(".") && !topLevel.includes(name) && !ignored.includes(name))
    .map((name) => `${name}: not at the top of the repository`);
}

/** The dependencies of a package.json whose version is a range. */
export function looseVersions(manifest: {
  [kind in "dependencies" | "devDependencies"]?: Record<string, string>;
}): string[] {
  return Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })
    .filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))
    .map(([name, version]) => `${name}: ${version} is not one version`);
}

interface Lock {
  packages: Record<string, { resolved?: string; integrity?: string; link?: boolean }>;
}

/** Packages in a lock file that name the host they came from, or lack the checksum that stands in for it. */
export function unsoundLocks(lock: Lock): string[] {
  return Object.entries(lock.packages)
    .filter(([name]) => name !== "")
    .flatMap(([name, { resolved, integrity }]) => [
      ...(resolved === undefined ? [] : [`${name}: names a host`]),
      ...(integrity === undefined ? [`${name}: has no checksum`] : []),
    ]);
}

function graphOf(files: readonly SourceFile[]): Map<string, string[]> {
  const paths = new Set(files.map(({ path }) => path));
  return new Map(
    files.map((file) => [
      file.path,
      importsOf(file)
        .map(({ specifier }) => importedPath(file.path, specifier))
        .filter((path) => path !== undefined)
        .filter((path) => paths.has(path)),
    ]),
  );
}
