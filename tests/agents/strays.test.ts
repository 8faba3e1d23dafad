import { expect, test } from "bun:test";
import { join } from "node:path";
import { processState } from "../../src/core/identity.ts";
import { lacks } from "../helpers/programs.ts";
import { waitUntil } from "../helpers/wait-until.ts";
import { fixtures, swarmPlaces } from "./swarm-place.ts";

const newPlace = swarmPlaces();

test.skipIf(lacks("setsid") || process.platform !== "linux")(
  "strays are killed by their mark, or all of them with what they have started; a child of one's own never is",
  async () => {
    const child = Bun.spawn([process.execPath, join(fixtures, "take-in.ts")], { stdout: "pipe" });
    expect(JSON.parse(await child.stdout.text())).toEqual({ killed: [1, 2], left: [1, 1, 1, 0] });
    expect(await child.exited).toBe(0);
  },
  240_000,
);

test.skipIf(lacks("setsid") || process.platform !== "linux")(
  "what one has started whose first thread has ended is a stray like itself",
  async () => {
    const words = [process.execPath, join(fixtures, "take-in-headless.ts")];
    const child = Bun.spawn(words, { stdout: "pipe" });
    expect(JSON.parse(await child.stdout.text())).toEqual({ strays: 2, killed: 2, left: 0 });
    expect(await child.exited).toBe(0);
  },
);

test.skipIf(process.platform !== "linux")(
  "what a killed host leaves behind is taken off the kernel's hands, too",
  async () => {
    const place = await newPlace();
    const up = place.up({ a: { command: ["sleep", "1000"], restart: "on-failure" } });
    const { hostPid, programPid, programStartTime } = await place.becomes("a", "ready");
    process.kill(hostPid!, "SIGKILL");
    // A zombie is still there to be seen.
    const isThere = () => processState(programPid!)?.startTime === programStartTime;
    await waitUntil("its number is free again", () => !isThere());
    up.kill("SIGTERM");
    await up.ended;
  },
  240_000,
);
