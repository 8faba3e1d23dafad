import { expect, test } from "bun:test";
import { envFile } from "../../../src/export/deploy/env.ts";
import { example } from "./example.ts";

test("every setting is there with what it is for, and what nobody chose is a remark", () => {
  expect(envFile(example).split("\n").slice(1)).toEqual([
    "",
    "# How long. 10ms to 7d",
    "SKEP_BUS_LEASE=30s",
    "",
    "# How many. 1 to 9",
    "#SKEP_BUS_INBOX_CAP=1000",
    "",
    "# Passed on to counter, judge, and to nobody else.",
    "#API_TOKEN=",
    "",
    "# Passed on to judge, and to nobody else.",
    "#HTTPS_PROXY=",
    "",
  ]);
});
