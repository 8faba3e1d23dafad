// One simulation: a world that a seed decides, and so many steps in it.
import { randomOf } from "../proof/random.ts";
import { passTime } from "./calls.ts";
import { bringToAnEnd } from "./ending.ts";
import { watch } from "./invariants.ts";
import type { Step } from "./step.ts";
import { claimingSteps } from "./steps/claims.ts";
import { keepingSteps } from "./steps/keeping.ts";
import { rulingSteps } from "./steps/rules.ts";
import { sendingSteps } from "./steps/sends.ts";
import { type Ground, type World, newWorld } from "./world.ts";

/** A step that is to be done, and what decides its details. */
export interface Planned {
  step: Step | typeof passes;
  seed: number;
}

/** What broke, at which step of those that were done. */
export interface Broken {
  what: string;
  /** How many steps were done, with the one that broke. */
  at: number;
  story: string[];
}

/** Time passes: the one step that nobody does. */
const passes = { name: "time passes", weight: 12 } as const;

const all = [...sendingSteps, ...claimingSteps, ...rulingSteps, ...keepingSteps, passes];
const weights = all.flatMap((step) => Array.from({ length: step.weight }, () => step));

/** The steps that `seed` decides. */
export function planOf(seed: number): Planned[] {
  const random = randomOf(seed);
  const count = random.whole(20, 40);
  return Array.from({ length: count }, () => ({
    step: random.pick(weights)!,
    seed: random.whole(1, 2 ** 31),
  }));
}

/** Does `plan` in the world of `seed`: what broke; undefined when nothing did. `onStep` hears of each step. */
export async function simulate(
  ground: Ground,
  seed: number,
  plan: readonly Planned[],
): Promise<Broken | undefined> {
  const dice = { random: randomOf(seed) };
  const { random } = Math;
  // Whatever the bus leaves to chance comes again, too.
  Math.random = () => dice.random.share();
  const story: string[] = [];
  let at = 0;
  try {
    const world = await newWorld(ground, dice.random);
    const { look } = watch(world);
    look();
    for (const { step, seed: decides } of plan) {
      at++;
      dice.random = randomOf(decides);
      world.random = dice.random;
      if ("run" in step) {
        const agent = pickAgent(world);
        story.push(`${agent.name}: ${step.name}`);
        story[at - 1] = await step.run(world, agent);
        look(step.overfills);
      }
      const ms = step === passes ? dice.random.pick([1, 20, 50, 50, 100, 300, 2_000])! : 0;
      if (step === passes) story.push(`${ms} ms pass`);
      await passTime(world, ms, look);
      if (step === passes) look();
    }
    at++;
    story.push("all that is left is brought to its end, and forgotten");
    await bringToAnEnd(world);
    return undefined;
  } catch (error) {
    return { what: (error as Error).message, at, story };
  } finally {
    Math.random = random;
  }
}

/** Somebody, and one of the first few mostly: what many do who never meet shows little. */
function pickAgent({ agents, random }: World) {
  return agents[Math.floor(random.share() ** 3 * agents.length)]!;
}
