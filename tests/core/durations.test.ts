import { describe, expect, test } from "bun:test";
import { formatDuration, parseDurationMs } from "../../src/core/durations.ts";

describe("a duration", () => {
  test.each([
    ["0s", 0],
    ["500ms", 500],
    ["5s", 5_000],
    ["1.5m", 90_000],
    ["2m", 120_000],
    ["1h", 3_600_000],
    ["7d", 604_800_000],
    ["0.0004s", 0],
    ["36500d", 3_153_600_000_000],
  ])("%p is %p milliseconds", (text, ms) => {
    expect(parseDurationMs(text, "--wait")).toBe(ms);
  });

  test.each([
    "",
    "5",
    "s",
    "-5s",
    "+5s",
    " 5s",
    "5s ",
    "5 s",
    "5S",
    "5sec",
    "1h30m",
    ".5s",
    "5.s",
    "1e3s",
    "0x5s",
    "٥s",
    "NaNs",
    "Infinitys",
    "36501d",
    `${"9".repeat(400)}d`,
    "5s\n",
    "5s; rm -rf",
  ])("is not %p, and the error says where it stood and how to write one", (text) => {
    expect(() => parseDurationMs(text, "--wait")).toThrow(
      expect.objectContaining({
        code: "E_USAGE",
        message: `--wait: ${JSON.stringify(text)} is not a duration`,
        hint: expect.stringContaining("500ms"),
      }),
    );
  });

  test.each([
    [0, "0ms"],
    [740, "740ms"],
    [999.6, "999ms"],
    [1_000, "1.0s"],
    [4_240, "4.2s"],
    [59_999, "59.9s"],
    [60_000, "1m"],
    [200_000, "3m 20s"],
    [3_599_999, "59m 59s"],
    [18_120_000, "5h 2m"],
    [86_400_000, "1d"],
    [273_600_000, "3d 4h"],
  ])("of %p milliseconds reads %p", (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});
