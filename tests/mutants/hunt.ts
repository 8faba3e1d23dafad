// The hunt for one mutant: a copy of the program with one thing wrong in it, and what has to notice.
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Random } from "../proof/random.ts";
import type { Catcher, Edit, HistoryCatcher, Mutant } from "./mutant.ts";

const root = join(import.meta.dir, "..", "..");
const copied = "src tests migrations bin package.json tsconfig.json bunfig.toml".split(" ");

/** Whether a mutant was caught, and what that took. */
export interface Hunt {
  /** What noticed; undefined when nothing did. */
  by: string | undefined;
  /** Why not, where it is not that nothing noticed. */
  problem: string | undefined;
  runs: number;
  ms: number;
}

// A history shows what chance brings about, and chance may have a bad day.
const runsUsual = 20;

/** What catches `mutant`, and how often that had to be tried: the first that does ends it. */
export async function hunt(mutant: Mutant, random: Random, runsMax = runsUsual): Promise<Hunt> {
  const startMs = performance.now();
  const place = mkdtempSync(join(tmpdir(), "skep-mutant-"));
  const end = (by: string | undefined, problem: string | undefined, runs: number) => ({
    by,
    problem,
    runs,
    ms: performance.now() - startMs,
  });
  open.add(place);
  try {
    for (const name of copied) cpSync(join(root, name), join(place, name), { recursive: true });
    symlinkSync(join(root, "node_modules"), join(place, "node_modules"));
    for (const edit of mutant.edits) {
      const problem = apply(edit, place);
      if (problem !== undefined) return end(undefined, problem, 0);
    }
    const runs = "history" in mutant.catcher ? runsMax : 1;
    let others: string | undefined;
    for (let run = 1; run <= runs; run++) {
      const { status, output } = await ran(place, wordsOf(mutant.catcher, random));
      const by = caughtBy(mutant.catcher, status, output);
      if (by !== undefined) return end(by, undefined, run);
      const noticed = checksIn(output);
      if (status === 8) others = `only other checks noticed: ${noticed.join(", ")}`;
      else if (status !== 0)
        return end(undefined, `it ended with ${status}: ${output.slice(-400)}`, run);
    }
    return end(undefined, others, runs);
  } finally {
    rmSync(place, { recursive: true, force: true });
    open.delete(place);
  }
}

const open = new Set<string>();
const running = new Set<Bun.Subprocess>();

// Whoever stops a hunt leaves nothing behind either.
process.on("exit", () => {
  for (const child of running) child.kill("SIGTERM");
  for (const place of open) rmSync(place, { recursive: true, force: true });
});

/** What is wrong with the program as it is, by the history that is to catch a mutant: nothing, or it catches no mutant. */
export async function faultsWithout(
  catcher: HistoryCatcher,
  random: Random,
): Promise<string | undefined> {
  const { status, output } = await ran(root, wordsOf(catcher, random));
  return status === 0 ? undefined : `it ended with ${status}: ${output.slice(0, 2_000)}`;
}

/** Makes what is to be wrong wrong: why that cannot be done; undefined when it is. */
function apply({ file, find, replace }: Edit, place: string): string | undefined {
  const path = join(place, file);
  const [before, after, ...more] = readFileSync(path, "utf8").split(find);
  if (after === undefined || more.length > 0)
    return `it does not apply: ${file} has ${after === undefined ? "no" : "more than one"} ${JSON.stringify(find)}`;
  writeFileSync(path, `${before}${replace}${after}`);
  return undefined;
}

function wordsOf(catcher: Catcher, random: Random): string[] {
  if ("test" in catcher)
    return ["test", catcher.test, "--timeout", "120000", "--test-name-pattern", catcher.title];
  if ("crash" in catcher) return ["tests/mutants/crash.ts", catcher.crash];
  const seed = String(random.whole(1, 2 ** 31));
  if ("simulation" in catcher)
    return ["tests/simulation/run.ts", "--seed", seed, "--seeds", String(catcher.simulation)];
  const { history, calls, shape } = catcher;
  return ["tests/history/run.ts", history, String(calls), seed, JSON.stringify(shape)];
}

async function ran(
  place: string,
  words: readonly string[],
): Promise<{ status: number | null; output: string }> {
  const child = Bun.spawn([process.execPath, ...words], {
    cwd: place,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  running.add(child);
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  await child.exited;
  running.delete(child);
  return { status: child.exitCode, output: stdout + stderr };
}

/** What noticed, by what it said; undefined when what is to notice did not. */
function caughtBy(catcher: Catcher, status: number | null, output: string): string | undefined {
  if ("test" in catcher)
    return status === 1 && output.includes("(fail)") ? `the test ${catcher.title}` : undefined;
  if (status !== 8) return undefined;
  if ("simulation" in catcher) return `a simulation, in ${/^\d+ seeds/m.exec(output)?.[0]}`;
  if ("crash" in catcher) return "a crash point";
  return checksIn(output).includes(catcher.check) ? catcher.check : undefined;
}

function checksIn(output: string): string[] {
  return [...new Set([...output.matchAll(/^([a-z ]+): /gm)].map(([, check]) => check!))];
}
