// One mistake in a swarm file, anywhere: the rest of the file is looked at all the same.
import fc from "fast-check";
import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { readSwarmFile } from "../../src/config/swarm-file.ts";
import { SkepError } from "../../src/core/errors.ts";
import { casesMs, casesOf, seed } from "../helpers/cases.ts";
import { tempDir } from "../helpers/temp-dir.ts";
import { change, changed, checkTold, inEachLanguage, marker } from "./mutations.ts";

const swarm = `name = "letters"
topology = "flat"
start_at_once = 4

[agents.counter]
command = ["sh", "-c", "true"]
runner = "exec"
count = 3
pool = 2
at_once = 4
env = ["PATH", { API_KEY = "${marker}", MODE = "${marker}" }]
limits = { cap = 100, rate = "50/s" }

[agents.reader]
command = ["sh"]
runner = "stream"
in_flight = 4
after = ["counter"]
ready = { log = "loaded" }
env = [{ PASSWORD = '${marker}' }]
restart_max = 3
backoff_min = "1s"
`;

for (const [kind, whole] of inEachLanguage(swarm))
  test(
    `a swarm file in ${kind} with one mistake is refused with the file, the line and the key, or means something else that fits`,
    async () => {
      const file = join(tempDir(), `swarm.${kind}`);
      let refused = 0;
      await fc.assert(
        fc.asyncProperty(change, async (one) => {
          const text = changed(whole, one);
          writeFileSync(file, text);
          try {
            await readSwarmFile(file);
          } catch (error) {
            if (!(error instanceof SkepError)) throw error;
            expect(error.code).toBe("E_CONFIG");
            checkTold(error.mistakes ?? [], file, text.split("\n").length);
            refused++;
          }
        }),
        { numRuns: casesOf(500), seed },
      );
      // Most changes break it; a remark, or a letter of a name, does not.
      expect(refused).toBeGreaterThan(casesOf(500) / 3);
    },
    casesMs(60_000),
  );
