import { expect, test } from "bun:test";
import { hasWalResetFix } from "../../src/store/engine.ts";

test.each([
  ["3.7.0", false],
  ["3.40.1", false],
  ["3.43.99", false],
  ["3.44.5", false],
  ["3.44.6", true],
  ["3.44.10", true],
  ["3.45.0", false],
  ["3.49.2", false],
  ["3.50.6", false],
  ["3.50.7", true],
  ["3.51.0", false],
  ["3.51.2", false],
  ["3.51.3", true],
  ["3.52.0", false], // withdrawn
  ["3.53.0", true],
  ["3.54.1", true],
  ["3.100.0", true],
  ["4.0.0", true],
  ["2.8.17", false],
  ["", false],
  ["nonsense", false],
])("SQLite %p keeps commits that meet a checkpoint: %p", (version, fixed) => {
  expect(hasWalResetFix(version)).toBe(fixed);
});
