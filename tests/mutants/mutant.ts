// A mutant: the program with one thing wrong, and what has to notice.
import type { Kind, Shape } from "../history/shape.ts";

export interface Mutant {
  name: string;
  /** What is wrong with it, in a line. */
  wrong: string;
  file: string;
  /** What stands in the file, once. */
  find: string;
  replace: string;
  catcher: Catcher;
}

/** What is run: histories of a kind until one breaks a promise; a test; a proof of crash points; or simulations, that many seeds at most. */
export type Catcher =
  | { history: Kind; calls: number; shape?: Partial<Shape> }
  | { test: string; title: string }
  | { crash: string }
  | { simulation: number };
