import fc from "fast-check";
import { expect, test } from "bun:test";
import { fileLayer } from "../../src/config/layers.ts";
import { settingsText } from "../../src/config/settings-text.ts";
import { allSettings } from "../../src/config/setting-names.ts";
import { casesMs, casesOf, seed } from "../helpers/cases.ts";
import { change, changed, checkTold, inEachLanguage } from "./mutations.ts";

for (const [kind, usual] of inEachLanguage(settingsText({ remarks: false })))
  test(
    `a file of settings in ${kind} with one mistake is refused with the file, the line and the key, or means something else that fits`,
    async () => {
      const file = `skep.${kind}`;
      let refused = 0;
      await fc.assert(
        fc.asyncProperty(change, async (one) => {
          const text = changed(usual, one);
          const { mistakes, chosen } = await fileLayer({ file, bytes: Buffer.from(text) });
          if (mistakes.length === 0)
            return expect(chosen.size).toBeLessThan(allSettings.length + 1);
          checkTold(mistakes, file, text.split("\n").length);
          refused++;
        }),
        { numRuns: casesOf(500), seed },
      );
      expect(refused).toBeGreaterThan(casesOf(500) / 3);
    },
    casesMs(60_000),
  );
