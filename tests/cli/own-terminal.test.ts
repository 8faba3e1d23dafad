import { expect, test } from "bun:test";
import { detachKeyAt } from "../../src/cli/own-terminal.ts";
import { bytesOf } from "../../src/core/text.ts";

test("Ctrl-] is found wherever it stands, however the terminal sends it", () => {
  for (const key of [
    "\u001d",
    "\u001b[93;5u",
    "\u001b[93;133u",
    "\u001b[93;5:1u",
    "\u001b[27;5;93~",
  ]) {
    expect(detachKeyAt(bytesOf(key))).toBe(0);
    expect(detachKeyAt(bytesOf(`ab${key}c`))).toBe(2);
  }
});

test("other keys are not taken for it", () => {
  for (const keys of ["", "]", "\u0003", "\u001b[93u", "\u001b[91;5u", "\u001b[A", "\u00dd\u001b"])
    expect(detachKeyAt(bytesOf(keys))).toBeUndefined();
});
