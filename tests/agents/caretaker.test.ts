// What the supervisor does for the files of its home.
import { existsSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { waitUntil } from "../helpers/wait-until.ts";
import { idle, swarmPlaces } from "./swarm-place.ts";

const newPlace = swarmPlaces();

test("space is set aside for a full disk while a swarm is up, and again when it was spent", async () => {
  const place = await newPlace();
  const up = place.up({ a: idle });
  await place.becomes("a", "ready");
  const ballast = join(place.home, "ballast");
  await waitUntil("space is set aside", () => existsSync(ballast));
  rmSync(ballast);
  await waitUntil("it is set aside again", () => existsSync(ballast));
  expect(statSync(ballast).mode & 0o777).toBe(0o600);
  up.kill("SIGTERM");
  await up.ended;
});
