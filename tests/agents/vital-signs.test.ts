import { describe, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { waitUntil } from "../helpers/wait-until.ts";
import { type Place, exists, fixtures, swarmPlaces } from "./swarm-place.ts";

const newPlace = swarmPlaces();

/** An agent that beats as long as there is a file `pulse`, which there is when `beats`. */
function beating(place: Place, beats: boolean) {
  const pulse = join(place.directory, "pulse");
  if (beats) writeFileSync(pulse, "");
  const agent = { command: ["sh", join(fixtures, "beat.sh"), pulse] };
  return { agent, start: () => writeFileSync(pulse, ""), stop: () => rmSync(pulse) };
}

describe("an agent that is to beat", () => {
  test("is ready with its first beat, and whoever comes after it starts then", async () => {
    const place = await newPlace();
    const { agent, start } = beating(place, false);
    const up = place.up({
      a: { ...agent, ready: "beat" },
      next: { command: ["sleep", "1000"], after: ["a"] },
    });
    // Its host beats for it, and somebody has looked.
    await waitUntil("it runs", async () => (await place.agent("a"))?.lastBeatAt != null);
    expect(await place.agent("a")).toMatchObject({ state: "starting" });
    start();
    const { changedAt } = await place.becomes("a", "ready");
    expect((await place.becomes("next", "ready")).startedAt).toBeGreaterThanOrEqual(changedAt);
    up.kill("SIGTERM");
    await up.ended;
  });
  test("and does so no more has failed, is killed, and starts again", async () => {
    const place = await newPlace();
    const { agent, start, stop } = beating(place, true);
    const up = place.up({
      a: { ...agent, live: { beat: "4s" }, restart: "on-failure", backoff_min: "3s" },
    });
    const { programPid, startedAt } = await place.becomes("a", "ready");
    // It lives for longer than it may be silent.
    await Bun.sleep(4_500);
    expect(await place.agent("a")).toMatchObject({ programPid, startedAt, restarts: 0 });
    stop();
    const { reason } = await place.becomes("a", "starting");
    expect(reason).toMatch(/^starts again in 3\.0s: no beat for ([4-9]|\d\d)\.\ds/);
    expect(exists(programPid!)).toBe(false);
    start();
    expect(await place.becomes("a", "ready")).toMatchObject({ restarts: 1, reason: null });
    up.kill("SIGTERM");
    await up.ended;
  });
});
