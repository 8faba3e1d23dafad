import { expect, test } from "bun:test";
import fc from "fast-check";
import { cut, format, parse } from "../../../examples/census/piece.ts";

test("an empty file has no pieces", () => {
  expect(cut(new Uint8Array())).toEqual([]);
});

test("the pieces of a file cover it once, each of 100 lines but the last", () => {
  const line = fc.oneof(
    fc.constant("\n"),
    fc.constant("a\r\n"),
    fc.string().map((text) => `${text}\n`),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 350, size: "max" }), fc.string(), (lines, rest) => {
      const bytes = Buffer.from(lines.join("") + rest);
      const pieces = cut(bytes);
      const parts = pieces.map(({ offset, length }) => bytes.subarray(offset, offset + length));
      expect(Buffer.concat(parts).equals(bytes)).toBe(true);
      let next = 0;
      for (const { offset, length } of pieces) {
        expect(offset).toBe(next);
        next = offset + length;
      }
      for (const part of parts.slice(0, -1)) {
        expect(newlines(part)).toBe(100);
        expect(part.at(-1)).toBe(10);
      }
      const last = parts.at(-1);
      if (last !== undefined) expect(newlines(last)).toBeLessThanOrEqual(100);
    }),
    { numRuns: 50 },
  );
});

test("a piece comes back from the body of its message", () => {
  const piece = { run: "r-1", number: 7, file: 3, offset: 0, length: 12, path: "./ a  b/c d.ts" };
  expect(parse(format(piece))).toEqual(piece);
});

test("a body that names no piece is told apart", () => {
  for (const body of [null, "", "hello", "run 1 2 3 ./a.ts", "run 1 2 3 x ./a.ts", "run 1 2 3 4 "])
    expect(parse(body)).toBeUndefined();
});

function newlines(part: Uint8Array): number {
  return part.filter((byte) => byte === 10).length;
}
