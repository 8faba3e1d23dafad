// The search for a seed that breaks something, and for the shortest story that shows it.
import { type Broken, type Planned, planOf, simulate } from "./simulate.ts";
import { type Ground, newGround } from "./world.ts";

/** A seed that breaks something. */
export interface Found {
  seed: number;
  /** How many steps it took before any was cut, and the story that is left. */
  steps: number;
  broken: Broken;
}

export interface Searched {
  found: Found | undefined;
  /** How many seeds were tried, with the one that was found, and how many steps were done. */
  seeds: number;
  steps: number;
}

/** Tries `seeds` one after the other until one breaks something; `onSeed` hears how many were tried. */
export async function search(
  seeds: Iterable<number>,
  onSeed: (tried: number) => void = () => {},
): Promise<Searched> {
  const ground = newGround();
  const searched: Searched = { found: undefined, seeds: 0, steps: 0 };
  try {
    for (const seed of seeds) {
      const plan = planOf(seed);
      const broken = await simulate(ground, seed, plan);
      searched.seeds++;
      searched.steps += broken?.at ?? plan.length;
      if (broken !== undefined) {
        const shortest = await shrink(seed, plan.slice(0, broken.at), broken);
        searched.found = { seed, steps: broken.at, broken: shortest };
        break;
      }
      onSeed(searched.seeds);
    }
  } finally {
    await close(ground, searched.found === undefined);
  }
  return searched;
}

/** The story of `found`, and how to see it again. */
export function tell({ seed, steps, broken }: Found): string {
  const last = broken.story.length;
  return [
    `seed ${seed} breaks at step ${last} of those that matter (${steps} before the others were cut): ${broken.what}`,
    ...broken.story.map((line, index) => `  ${index + 1}. ${line}`),
    `again: bun tests/simulation/run.ts --seed ${seed}`,
  ].join("\n");
}

/** Leaves out every step without which it breaks as well, again and again. */
async function shrink(seed: number, plan: readonly Planned[], broken: Broken): Promise<Broken> {
  let best = { plan, broken };
  for (let size = Math.ceil(plan.length / 2); size >= 1; size = Math.floor(size / 2))
    for (let at = best.plan.length - size; at >= 0; at -= size) {
      const shorter = best.plan.toSpliced(at, size);
      // What was broken may have left its database in the middle of something.
      const ground = newGround();
      const again = await simulate(ground, seed, shorter);
      await close(ground, again === undefined);
      if (again !== undefined) best = { plan: shorter.slice(0, again.at), broken: again };
    }
  return best.broken;
}

async function close({ database }: Ground, isWhole: boolean): Promise<void> {
  // One that broke may hold on for ever to what it was doing.
  if (isWhole) await database.store.close();
}
