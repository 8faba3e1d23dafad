// What a step is: one thing that one agent does to the bus and to the model of it.
import type { Agent, World } from "./world.ts";

export interface Step {
  name: string;
  /** How often it comes, beside the others. */
  weight: number;
  /** Whether an inbox may be fuller than its cap after it: what was there once is never refused. */
  overfills?: true;
  /** Does it, and throws when the bus and the model do not come to the same: what was done, and what came of it. */
  run(world: World, agent: Agent): Promise<string>;
}
