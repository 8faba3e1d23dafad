// A source file as the house rules see it: its imports and its strings, with the line each stands on.
import { posix } from "node:path";

export interface SourceFile {
  /** From the root of the repository, with slashes. */
  path: string;
  text: string;
}

export interface Import {
  specifier: string;
  line: number;
  /** Whether it is gone once the types are stripped. */
  typeOnly: boolean;
  /** Whether it is handed on to whoever imports this file. */
  reexport: boolean;
}

export interface Literal {
  text: string;
  line: number;
}

/** The text with every comment blanked out, so that offsets and line numbers stay what they were. */
export function withoutComments(text: string): string {
  return text.replace(token, (match) =>
    match.startsWith("//") || match.startsWith("/*") ? match.replace(/[^\n]/g, " ") : match,
  );
}

/** What a file imports, statically or not, types too; an `import(...)` of something computed is not seen. */
export function importsOf(file: SourceFile): Import[] {
  const code = withoutComments(file.text);
  const quoted = [...code.matchAll(token)].map(({ index, 0: text }) => [
    index,
    index + text.length,
  ]);
  const isCode = ({ index }: RegExpExecArray) =>
    !quoted.some(([start, end]) => start! <= index && index < end!);

  const statements = [...code.matchAll(importStatement)].filter(isCode).map((match) => {
    const [, keyword, type, names = "", specifier] = match;
    const named = /^\s*\{([^}]*)\}\s*$/.exec(names)?.[1]?.split(",");
    return {
      specifier: specifier!,
      line: lineAt(code, match.index),
      typeOnly: type !== undefined || named?.every((name) => /^\s*(type\s|$)/.test(name)) === true,
      reexport: keyword === "export",
    };
  });
  const calls = [...code.matchAll(importCall)].filter(isCode).map((match) => ({
    specifier: match[2]!,
    line: lineAt(code, match.index),
    typeOnly: match[1] !== undefined,
    reexport: false,
  }));
  return [...statements, ...calls];
}

/** Every string and template of a file, without its quotes; what is computed inside a template is left as it stands. */
export function literalsOf(file: SourceFile): Literal[] {
  const found: Literal[] = [];
  for (const match of file.text.matchAll(token)) {
    if (match[0].startsWith("/")) continue;
    found.push({ text: match[0].slice(1, -1), line: lineAt(file.text, match.index) });
  }
  return found;
}

/** The file of ours that an import means, from the root of the repository; undefined for a package. */
export function importedPath(importer: string, specifier: string): string | undefined {
  if (!specifier.startsWith(".")) return undefined;
  return posix.join(posix.dirname(importer), specifier);
}

/** The number of the line that `offset` lies on, counting from 1. */
export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}

// What may hold the signs of something else: strings, templates, regular expressions and comments. A slash
// begins an expression only where a value is due; elsewhere it divides.
const token = new RegExp(
  [
    /"(?:\\.|[^"\\\n])*"/,
    /'(?:\\.|[^'\\\n])*'/,
    /`(?:\\[^]|[^`\\])*`/,
    /(?<=[(,=:[!&|?{};]\s*|\breturn\s+)\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\//,
    /\/\/[^\n]*/,
    /\/\*[^]*?\*\//,
  ]
    .map((part) => part.source)
    .join("|"),
  "g",
);

const importStatement =
  /^(import|export)\s+(type\s+)?(?:([\w\s*{},$]+?)\s*from\s*)?["']([^"']+)["']/gm;

const importCall =
  /(\btypeof\s+)?\b(?:import|require|getBuiltinModule\?*\.?)\s*\(\s*["']([^"']+)["']/g;
