import { expect, test } from "bun:test";
import { csvRecord } from "../../src/export/csv.ts";

test("quotes, commas, line ends and spaces at an end are in quotes, nothing is empty", () => {
  expect(csvRecord(["a b", 'say "hi"', "x,y", "two\nlines", " x", "", null, -1.5])).toBe(
    'a b,"say ""hi""","x,y","two\nlines"," x","",,-1.5\r\n',
  );
});
