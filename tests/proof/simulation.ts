// Simulations: the bus beside a model of it, in worlds whose every detail a seed decides, time included.
import { search, tell } from "../simulation/search.ts";
import type { Proof } from "./proof.ts";

export const simulation: Proof = {
  name: "simulation",
  summary:
    "in every world that a seed decides, the bus keeps what it promises after each single step",
  count: 50_000,
  quick: 10_000,
  unit: "seeds",
  async run({ count, random, progress }) {
    const seeds = Array.from({ length: count }, () => random.whole(1, 2 ** 31));
    const { cpuUsage } = process;
    const before = cpuUsage();
    const searched = await search(seeds, (tried) => {
      if (tried % 100 === 0) progress(`${tried} seeds`);
    });
    const { user, system } = cpuUsage(before);
    const { found, steps } = searched;
    const perStep = Math.round((user + system) / Math.max(1, steps));
    const figures = `${searched.seeds} seeds, ${steps} steps, ${perStep} µs of a processor each`;
    return { faults: found === undefined ? [] : [tell(found)], figures };
  },
};
