// What every bench is: a name, and a run that answers figures.
import type { Figure } from "./figure.ts";
import type { References } from "./references.ts";

export interface Bench {
  name: string;
  /** What it measures, in a line. */
  summary: string;
  run(options: BenchOptions): Promise<Figure[]>;
}

export interface BenchOptions {
  /** How often everything is measured. */
  rounds: number;
  /** Counts so small that the figures mean nothing: only to see that all of it runs. */
  small: boolean;
  /** The programs to compare with. */
  references: References;
  /** Tells a person how far it is. */
  say(text: string): void;
}
