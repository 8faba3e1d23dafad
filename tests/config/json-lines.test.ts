import { expect, test } from "bun:test";
import fc from "fast-check";
import { readJson } from "../../src/config/json-lines.ts";
import { casesOf, seed } from "../helpers/cases.ts";

test("JSON of any kind is read as JSON.parse reads it, and refused with a place where that refuses it", () => {
  const pieces = fc.array(
    fc.oneof(
      fc.json({ maxDepth: 2 }),
      fc.constantFrom(..."{}[],:\"'\\ \n-0e.1truenull/*\u0000\u00a0\ufeff"),
    ),
    { maxLength: 8 },
  );
  const place = (text: string) => text.split("\n").length;
  fc.assert(
    fc.property(
      fc.oneof(
        fc.json(),
        pieces.map((parts) => parts.join("")),
      ),
      (text) => {
        const { value, wrong } = readJson(text);
        let parsed: unknown;
        try {
          parsed = JSON.parse(text);
        } catch {
          expect(wrong).toMatchObject({ what: expect.stringMatching(/./) });
          expect(wrong!.line).toBeGreaterThanOrEqual(1);
          expect(wrong!.line).toBeLessThanOrEqual(place(text));
          return expect(wrong!.column).toBeGreaterThanOrEqual(1);
        }
        if (wrong === undefined) expect(value).toEqual(parsed);
        else expect(wrong.what).toContain("is there twice");
      },
    ),
    { numRuns: casesOf(1_000), seed },
  );
});
