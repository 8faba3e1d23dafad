// What catches a mutant: the smallest history that shows what is wrong with it.
import type { Shape } from "../history/shape.ts";
import type { Catcher } from "./mutant.ts";

const plain: Partial<Shape> = { foreign: false, drains: false, cut: false, commands: 0 };

/** So many calls of a few clients; `check` is what has to notice. */
export function few(check: string, calls: number, shape: Partial<Shape> = {}): Catcher {
  const few = { ...plain, processes: 4, clients: 3, spareCalls: 0, ...shape };
  return { history: "few", check, calls, shape: few };
}

/** So many calls of one client, which nobody disturbs. */
export function lone(check: string, calls: number, shape: Partial<Shape> = {}): Catcher {
  const lone = { ...plain, processes: 1, spareCalls: 0, forgets: false, ...shape };
  return { history: "lone", check, calls, shape: lone };
}
