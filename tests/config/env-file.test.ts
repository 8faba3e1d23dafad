import { describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readEnvFile } from "../../src/config/env-file.ts";
import { isSkepError } from "../../src/core/errors.ts";
import { tempDir } from "../helpers/temp-dir.ts";

function fileOf(text: string | Uint8Array): string {
  const path = join(tempDir(), "some.env");
  writeFileSync(path, text);
  return path;
}

const read = (text: string) => readEnvFile(fileOf(text)).variables;

function wrong(path: string): string {
  try {
    readEnvFile(path);
  } catch (error) {
    if (!isSkepError(error, "E_CONFIG")) throw error;
    return `${error.message} | ${error.hint}`.replaceAll(path, "FILE");
  }
  throw new Error("nothing was refused");
}

test("variables are taken line by line, with quotes, remarks and exports, and nothing is expanded", () => {
  const text = `\ufeff# a remark
A=1
export B = two words   # a remark
C='a # and $B'
D="tab\\tand \\"quotes\\"" # a remark
\tE=a#b\r
F=
G=a=b
H=  # none yet
I=#1
J= a # b # c
K= '#' # d
`;
  expect(read(text)).toEqual({
    A: "1",
    B: "two words",
    C: "a # and $B",
    D: 'tab\tand "quotes"',
    E: "a#b",
    F: "",
    G: "a=b",
    H: "",
    I: "#1",
    J: "a",
    K: "#",
  });
  expect(read("")).toEqual({});
});

test("each variable is known with its line", () => {
  const path = fileOf("# x\n\nA=1\n  B=2\n");
  expect(readEnvFile(path).places).toEqual({
    A: { file: path, line: 3, key: "A" },
    B: { file: path, line: 4, key: "B" },
  });
});

test("a file that every user can read is warned of when it may hold a secret", () => {
  const warningOf = (text: string, mode: number) => {
    const path = fileOf(text);
    chmodSync(path, mode);
    return readEnvFile(path).warning?.replace(path, "FILE");
  };
  const warning =
    "every user of this machine can read FILE, and it may hold keys and passwords; chmod 600 closes it";
  for (const text of ["API_KEY=x", "SKEP_TOKEN=x", "SKEP_BUS_LEASE=5s\nPASSWORD="]) {
    expect(warningOf(text, 0o644)).toBe(warning);
    expect(warningOf(text, 0o600)).toBeUndefined();
    expect(warningOf(text, 0o640)).toBeUndefined();
  }
  for (const text of ["", "SKEP_BUS_LEASE=5s\nCFN_MAX_AGENTS=5\n"])
    expect(warningOf(text, 0o644)).toBeUndefined();
});

describe("a file is refused", () => {
  test("with every line that is not understood, none of them shown", () => {
    const text = "A=1\nsk-secret\nA=2\nB='secret\nBUN_OPTIONS=--preload x\nNODE_OPTIONS=-r x\n";
    expect(wrong(fileOf(text))).toBe(
      [
        "FILE has 5 mistakes",
        "FILE:2 is no NAME=value",
        "  Write NAME=value, or NAME='value' where it has spaces or a #.",
        "FILE:3: A is there twice",
        "  Keep one of the two.",
        "FILE:4: B has a quote that is not closed",
        "  Write NAME=value, or NAME='value' where it has spaces or a #.",
        "FILE:5: BUN_OPTIONS changes how programs run, skep too",
        "  Take it out of the file.",
        "FILE:6: NODE_OPTIONS changes how programs run, skep too",
        "  Take it out of the file. | undefined",
      ].join("\n"),
    );
  });
  test("when it is not there, is none, or is not text", () => {
    const hint = " | Name the file of variables: --env-file FILE.";
    expect(wrong(join(tempDir(), "nowhere"))).toBe(`FILE is not there${hint}`);
    const directory = join(tempDir(), "directory");
    mkdirSync(directory);
    expect(wrong(directory)).toBe(`FILE is not a file${hint}`);
    expect(wrong(fileOf(Uint8Array.of(0x41, 0xff)))).toBe(`FILE is not UTF-8 text${hint}`);
    expect(wrong(fileOf("A=\0"))).toBe(`FILE has NUL characters${hint}`);
    expect(wrong(fileOf(new Uint8Array(1024 * 1024 + 1)))).toBe(`FILE is larger than 1 MiB${hint}`);
  });
});
