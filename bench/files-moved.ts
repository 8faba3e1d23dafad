// How soon a swarm notices that the files it works with are not there any more. A test holds that it does, and what comes of it.
import { renameSync } from "node:fs";
import { join } from "node:path";
import { buildIfStale, executablePath } from "../bin/build.ts";
import { sleep } from "../src/core/clock.ts";
import { processState } from "../src/core/identity.ts";
import { busFile } from "../src/store/files.ts";
import { crowdSettings, untilReady } from "../tests/proof/crowd.ts";
import { type Place, inPlace } from "../tests/proof/place.ts";
import type { Bench } from "./bench.ts";
import { monotonicMs } from "./home.ts";

const agentCount = 100;

export const filesMoved: Bench = {
  name: "files-moved",
  summary: `bus.db renamed under ${agentCount} agents, until the first of them is ended for it`,
  async run({ rounds, small, say }) {
    if (await buildIfStale()) say("dist/skep was out of date and is built anew");
    const noticed: number[] = [];
    const down: number[] = [];
    const home = { executable: executablePath, settings: crowdSettings };
    for (let round = 1; round <= rounds; round++) {
      say(`round ${round} of ${rounds}`);
      const faults = await inPlace(home, async (place) => {
        const took = await moveAway(place, small ? 3 : agentCount);
        noticed.push(took.noticedMs);
        down.push(took.downMs);
        return [];
      });
      if (faults.length > 0) throw new Error(faults.join("\n"));
    }
    const figure = { unit: "ms", wanted: "less" } as const;
    return [
      {
        ...figure,
        name: "renamed until it is noticed",
        ours: noticed,
        target: { of: "value", limit: 1_000 },
      },
      { ...figure, name: "renamed until nothing runs", ours: down },
    ];
  },
};

/** Renames the database of a swarm that is up, and puts it back when all has ended: how long it took until somebody did, and all had. */
async function moveAway(
  place: Place,
  count: number,
): Promise<{ noticedMs: number; downMs: number }> {
  const agents = { still: { command: ["sleep", "1000"], count } };
  const up = await place.start(["up", place.file({ name: "still", agents })]);
  await untilReady(place, count);
  const programs = (await place.app.agents()).map(({ programPid }) => programPid!);
  const path = join(place.home, busFile.name);
  const begin = monotonicMs();
  renameSync(path, `${path}.away`);
  while (programs.every(runs)) await sleep(1);
  const noticedMs = monotonicMs() - begin;
  const { code } = await up.finished;
  const downMs = monotonicMs() - begin;
  renameSync(`${path}.away`, path);
  if (code !== 7 || programs.some(runs))
    throw new Error(`skep up ended with ${code}: ${up.stderr()}`);
  return { noticedMs, downMs };
}

function runs(pid: number): boolean {
  return !["Z", "X", undefined].includes(processState(pid)?.state);
}
