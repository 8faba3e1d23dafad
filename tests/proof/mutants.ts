// Mutants: whether the histories, and the tests, would notice that the bus is wrong. Each mutant breaks one promise, and has
// to be caught by the check of that promise; the program as it is has to pass the same.
import { all } from "../mutants/all.ts";
import { faultsWithout, hunt } from "../mutants/hunt.ts";
import type { HistoryCatcher, Mutant } from "../mutants/mutant.ts";
import type { Proof } from "./proof.ts";
import { randomOf } from "./random.ts";

export const mutants: Proof = {
  name: "mutants",
  summary:
    "a program with one promise broken is caught, whichever it is, and the program as it is not",
  count: all.length,
  quick: all.length,
  unit: "mutants",
  async run({ count, random, progress }) {
    const chosen = all.slice(0, count);
    const faults: string[] = [];
    let caught = 0;
    const pursue = async (mutant: Mutant, seed: number) => {
      const { by, problem } = await hunt(mutant, randomOf(seed));
      if (by !== undefined) caught++;
      else faults.push(`${mutant.name} (${mutant.wrong}) was not caught${detail(problem)}`);
    };
    const pass = async ({ name, catcher }: Tried, seed: number) => {
      const problem = await faultsWithout(catcher, randomOf(seed));
      if (problem !== undefined) faults.push(`without ${name}${detail(problem)}`);
    };
    const work = chosen.flatMap((mutant) => {
      const seeds = [random.whole(1, 2 ** 31), random.whole(1, 2 ** 31)] as const;
      const tried = "history" in mutant.catcher ? (mutant as Tried) : undefined;
      return [
        () => pursue(mutant, seeds[0]),
        ...(tried === undefined ? [] : [() => pass(tried, seeds[1])]),
      ];
    });
    const left = work.entries();
    // Much of a history is waiting.
    await Promise.all(
      Array.from({ length: atOnce }, async () => {
        for (const [at, next] of left) {
          progress(`${at} of ${work.length} runs begun, ${caught} mutants caught`);
          await next();
        }
      }),
    );
    return { faults, figures: `${caught} of ${chosen.length} mutants caught` };
  },
};

type Tried = Mutant & { catcher: HistoryCatcher };

const atOnce = 2;

function detail(problem: string | undefined): string {
  return problem === undefined ? "" : `: ${problem}`;
}
