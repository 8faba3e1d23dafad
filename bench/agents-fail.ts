// What it costs when agents fail or have to go: how soon a death is seen, a swarm at work is down, and the work of a
// coordinator is another one's. The proofs (tests/proof) hold the same at length.
import { buildIfStale, executablePath } from "../bin/build.ts";
import { crowdSettings } from "../tests/proof/crowd.ts";
import { type Delays, measureDeaths } from "../tests/proof/deaths.ts";
import { type Case, modules, processes, takeDown } from "../tests/proof/downs.ts";
import { failInTurn } from "../tests/proof/failover.ts";
import { type Place, inPlace } from "../tests/proof/place.ts";
import { randomOf } from "../tests/proof/random.ts";
import type { Bench, BenchOptions } from "./bench.ts";
import { type Figure, percentile } from "./figure.ts";

const deathsEach = 200;
const failoversEach = 7;

export const agentsFail: Bench = {
  name: "agents-fail",
  summary: `${deathsEach} deaths among 100 agents at work, seen and made good; swarms taken down; ${failoversEach} coordinators that fail`,
  async run({ rounds, small, say }) {
    if (await buildIfStale()) say("dist/skep was out of date and is built anew");
    const measured: Round[] = [];
    for (let round = 1; round <= rounds; round++) {
      say(`round ${round} of ${rounds}`);
      measured.push(await measure(round, small));
    }
    const figure = (name: string, of: keyof Round, limit: number): Figure => ({
      name,
      unit: "ms",
      wanted: "less",
      ours: measured.map((round) => round[of]),
      target: { of: "value", limit },
    });
    return [
      figure("death until its lease is back, p50", "half", 100),
      figure("death until its lease is back, p99", "nearlyAll", 1_000),
      figure("100 agents, 10 in flight each: down after the last is settled", "beyond", 1_000),
      figure("708 agents in a pool: down", "large", 5_000),
      figure("coordinator killed until its messages are done by another", "failover", 2_000),
    ];
  },
};

type Round = Record<"half" | "nearlyAll" | "beyond" | "large" | "failover", number>;

async function measure(seed: number, small: BenchOptions["small"]): Promise<Round> {
  const random = randomOf(seed);
  const options = { random, executable: executablePath, progress() {} };
  let delays: Delays = new Map();
  let took: number[] = [];
  await place(async (home) => {
    const ended = await measureDeaths(home, { ...options, count: small ? 3 : deathsEach });
    delays = ended.delays;
    return ended.faults;
  });
  await place(async (home) => {
    const ended = await failInTurn(home, { ...options, count: small ? 1 : failoversEach });
    took = ended.took;
    return ended.faults;
  });
  const ms = [...delays.values()].flat();
  return {
    half: percentile(ms, 0.5),
    nearlyAll: percentile(ms, 0.99),
    beyond: (await down(small ? { ...processes, agents: 5 } : processes)).beyondMs,
    large: (await down(small ? { ...modules, agents: 20 } : modules)).downMs,
    failover: Math.max(...took),
  };
}

async function down(one: Case) {
  const { down, faults } = await takeDown(one, { executable: executablePath });
  if (down === undefined || faults.length > 0) throw new Error(faults.join("\n"));
  return down;
}

async function place(work: (place: Place) => Promise<string[]>): Promise<void> {
  const home = { executable: executablePath, settings: crowdSettings };
  const faults = await inPlace(home, work);
  if (faults.length > 0) throw new Error(faults.join("\n"));
}
