// A mutant: the program with one thing wrong, and what has to notice.
import type { Kind, Shape } from "../history/shape.ts";

export interface Mutant {
  name: string;
  /** What is wrong with it, in a line. */
  wrong: string;
  /** What makes it so: one edit mostly, and several where the schema would refuse what one alone does. */
  edits: readonly Edit[];
  catcher: Catcher;
}

export interface Edit {
  file: string;
  /** What stands in the file, once. */
  find: string;
  replace: string;
}

/** What is run: histories of a kind until `check` finds a fault in one; a test; a proof of crash points; or simulations, that many seeds at most. */
export type Catcher =
  HistoryCatcher | { test: string; title: string } | { crash: string } | { simulation: number };

export interface HistoryCatcher {
  history: Kind;
  /** The check of the promise that is broken: that others notice too is no proof of this one. */
  check: string;
  calls: number;
  shape: Partial<Shape>;
}
