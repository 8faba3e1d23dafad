// Simulations: the bus beside a model of it, in worlds whose every detail a seed decides, time included.
import { search, tell } from "../simulation/search.ts";
import type { Proof } from "./proof.ts";

const quick = 10_000;

export const simulation: Proof = {
  name: "simulation",
  summary:
    "in every world that a seed decides, the bus keeps what it promises after each single step",
  count: 50_000,
  quick,
  unit: "seeds",
  async run({ count, random, progress }) {
    // The first are the same each time, so that a quick run says of a change what it would have said without it.
    const seeds = Array.from({ length: count }, (_, index) =>
      index < quick ? index + 1 : random.whole(quick, 2 ** 31),
    );
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
