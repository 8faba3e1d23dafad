import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, setDefaultTimeout, test } from "bun:test";
import { untilBegun } from "../../src/agents/survivors.ts";
import { idsIn } from "../../src/core/proc.ts";
import { makeTrialDirectory, removeTrialDirectory } from "../../src/doctor/trial-directory.ts";
import { skepExecutable } from "../helpers/executable.ts";
import { tempDir } from "../helpers/temp-dir.ts";
import { waitUntil } from "../helpers/wait-until.ts";
import { marked } from "../agents/swarm-place.ts";

setDefaultTimeout(240_000);

test("it removes what a killed doctor has left, and the swarm that was tried there ends", async () => {
  const place = tempDir();
  const command = [
    await skepExecutable(),
    "doctor",
    "--quick-swarm",
    "--home",
    join(place, "home"),
  ];
  const doctor = Bun.spawn(command, { stdout: "ignore", stderr: "ignore" });
  const homeOfIts = () =>
    readdirSync(place)
      .map((name) => join(place, name, "home"))
      .find((path) => marked("SKEP_HOME", path).length > 0);
  const home = await waitUntil("its swarm is up", homeOfIts);
  doctor.kill("SIGKILL");
  await doctor.exited;
  // Whoever was just starting may make a place for its log once more; that goes with the next doctor.
  const isAllRemoved = () => {
    const made = makeTrialDirectory(place);
    const there = readdirSync(place).map((name) => join(place, name));
    removeTrialDirectory(made);
    return there.length === 1 && there[0] === made;
  };
  await waitUntil("what it left is removed", isAllRemoved);
  await waitUntil("the swarm has ended", async () => {
    // Whoever is just starting is not seen.
    await untilBegun(() => idsIn(""));
    return marked("SKEP_HOME", home).length === 0;
  });
  await waitUntil("what came late is removed", isAllRemoved);
  expect(readdirSync(place)).toEqual([]);
});

test("what a living doctor, or one of another pid namespace, has there stays", () => {
  const place = tempDir();
  const ours = makeTrialDirectory(place);
  const [, namespace, pid] = /-doctor-(\d+)-(\d+)-/.exec(ours)!;
  const elsewhere = ours.replace(`-${namespace}-${pid}-`, `-1${namespace}-1-`);
  mkdirSync(elsewhere);
  const later = makeTrialDirectory(place);
  for (const path of [ours, elsewhere, later]) expect(existsSync(path)).toBe(true);
});
