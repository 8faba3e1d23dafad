// What every proof is: a promise that is put to the test at length, and what came of it.
import type { Random } from "./random.ts";

export interface Proof {
  name: string;
  /** What it proves, in a line. */
  summary: string;
  /** How often, or how long, and what is counted. */
  count: number;
  /** The same for a quick run. */
  quick: number;
  unit: string;
  run(options: ProofOptions): Promise<Verdict>;
}

export interface ProofOptions {
  count: number;
  random: Random;
  /** The skep that is put to the test. */
  executable: string;
  /** How far it is, for whoever watches. */
  progress(text: string): void;
}

export interface Verdict {
  /** Every promise that was broken; none when it holds. */
  faults: string[];
  /** What was counted and measured, for people. */
  figures: string;
}
