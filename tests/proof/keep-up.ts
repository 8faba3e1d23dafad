// Keeping a swarm up: whenever its guardian has ended, `skep up` is called once more, as a person would.
import { signalProcess } from "../../src/agents/process.ts";
import { usualRestart } from "../../src/agents/restart.ts";
import { sleep } from "../../src/core/clock.ts";
import type { Place, Running } from "./place.ts";

export interface Keeper {
  /** The `skep up` that runs now; undefined between two. */
  guardian(): Running | undefined;
  /** How often `skep up` was called, and how often the supervisor started again below it. */
  calls(): number;
  restarts(): number;
  /** Has it down: the faults, of all the time before too. */
  down(): Promise<string[]>;
}

const pauseMs = 200;

/** Keeps the swarm of `file` up in `place`. */
export function keepUp(place: Place, file: string): Keeper {
  let ending = false;
  let guardian: Running | undefined;
  const all: Running[] = [];
  const faults: string[] = [];
  const over = (async () => {
    while (!ending) {
      const running = await place.start(["up", file]);
      all.push(running);
      guardian = running;
      const { code, signal } = await running.finished;
      guardian = undefined;
      faults.push(...strangeWords(running.stderr()));
      if (signal !== "SIGKILL" && !mayEndWith(code, running.stderr(), ending))
        faults.push(`skep up ended with ${code ?? signal}: ${running.stderr().slice(-2_000)}`);
      if (!ending) await sleep(pauseMs);
    }
  })();
  return {
    guardian: () => guardian,
    calls: () => all.length,
    restarts: () => all.reduce((sum, one) => sum + startsAgain(one.stderr()), 0),
    async down() {
      ending = true;
      const { code, stdout, stderr } = await place.skep(["down", "--json", "--timeout", "20s"]);
      if (code !== 0) faults.push(`skep down ended with ${code}: ${stderr}`);
      else if (JSON.parse(stdout).conservation.holds !== true)
        faults.push(`skep down does not find that all adds up: ${stdout}`);
      const waited = new AbortController();
      await Promise.race([over, sleep(180_000, waited.signal)]);
      waited.abort();
      if (guardian !== undefined) {
        faults.push("skep up did not end with its swarm");
        signalProcess(guardian, "SIGKILL");
      }
      return faults;
    },
  };
}

/** Whether `skep up` may end so while it is called again and again: somebody else still winds up, the supervisor was killed too often, or the swarm went down. */
function mayEndWith(code: number | null, said: string, ending: boolean): boolean {
  if (code === 0) return true;
  if (code === 4) return /runs here already|is going down|is about to start it again/.test(said);
  if (code === 8) return isTooOften(said) || said.includes("died meanwhile");
  return ending && code === 143;
}

/** Whether the supervisor was started again as often as it may be. */
function isTooOften(said: string): boolean {
  return said.includes("too often") && startsAgain(said) >= usualRestart.max;
}

function startsAgain(said: string): number {
  return [...said.matchAll(/^it starts again/gm)].length;
}

/** What nobody may say whoever is killed: that something of ours ended by a fault of its own. */
function strangeWords(said: string): string[] {
  const lines = said.split("\n");
  return lines.filter((line) => /(?:supervisor|host) exited with|\bbug\b/i.test(line));
}
