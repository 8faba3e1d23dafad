import { expect, test } from "bun:test";
import { judgeTellings } from "../../src/doctor/tellings.ts";

test("each way to tell people of alerts passes, or warns with the reason and what to change", () => {
  const command = { name: "command", uses: "sh", why: null };
  const desktop = { name: "desktop", uses: "nothing", why: "there is no notify-send here" };
  expect(judgeTellings([command, desktop])).toEqual([
    { check: "alerts", verdict: "pass", says: "told by command: sh", fix: null },
    {
      check: "alerts",
      verdict: "warn",
      says: "not told by desktop: there is no notify-send here",
      fix: "Change notify.desktop, or take it out.",
    },
  ]);
  expect(judgeTellings([])).toEqual([]);
});
