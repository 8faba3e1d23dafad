// Pairs: two processes do any two things to the same messages at the same instant, and both are told what is true.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Bus } from "../../src/bus/bus.ts";
import { resumeTx } from "../../src/bus/resume.ts";
import { isSkepError } from "../../src/core/errors.ts";
import { libc } from "../../src/core/libc.ts";
import { put, takeOne } from "../bus/verbs.ts";
import { openHomeBus } from "../fixtures/bus/bus.ts";
import { auditLedger } from "../helpers/audit-ledger.ts";
import { faultOfPair } from "./pairs/judge.ts";
import { type Outcome, type Subject, type Verb, verbNames } from "./pairs/verbs.ts";
import type { Proof } from "./proof.ts";

export const pairs: Proof = {
  name: "pairs",
  summary:
    "any two things at the same instant, by two processes, leave what one after the other would",
  count: 200,
  quick: 20,
  unit: "times for each of 36 pairs",
  async run({ count, progress, random }) {
    const folder = mkdtempSync(join(tmpdir(), "skep-pairs-"));
    const home = join(folder, "home");
    const bus = await openHomeBus(home);
    const racers = [await startRacer(home), await startRacer(home)] as const;
    const faults: string[] = [];
    let races = 0;
    try {
      for (let round = 0; round < count; round++) {
        progress(`round ${round + 1} of ${count}`);
        for (const pair of random.shuffled(allPairs())) {
          const fault = await race(bus, racers, pair, `r-${races++}`);
          if (fault !== undefined)
            faults.push(`${pair.join(" and ")}, round ${round + 1}: ${fault}`);
        }
      }
      await auditLedger(bus);
    } catch (error) {
      faults.push((error as Error).message);
    } finally {
      for (const racer of racers) racer.end();
      bus.doorbell.close();
      await bus.store.close();
      rmSync(folder, { recursive: true, force: true });
    }
    return { faults, figures: `${races} races` };
  },
};

type Pair = [Verb, Verb];

function allPairs(): Pair[] {
  return verbNames.flatMap((one, at) => verbNames.slice(at).map((other): Pair => [one, other]));
}

type Racer = Awaited<ReturnType<typeof startRacer>>;

/** Lets both do their part at the same instant: what is wrong with how it went; undefined when nothing is. */
async function race(
  bus: Bus,
  [one, other]: readonly [Racer, Racer],
  pair: Pair,
  inbox: string,
): Promise<string | undefined> {
  // A lease that is over may be found by one while the other settles it.
  const leaseMs = pair.includes("expire") ? 1 : 60_000;
  for (const body of ["1", "2", "3"]) await put(bus, inbox, body);
  const { receipt } = await takeOne(bus, inbox, { holder: "w", leaseMs });
  const subject = { inbox, receipt };
  const atMs = libc()!.monotonicMs() + 3;
  const outcomes = await Promise.all([
    one.ask({ verb: pair[0], subject, atMs }),
    other.ask({ verb: pair[1], subject, atMs }),
  ]);
  const fault = faultOfPair(pair, outcomes);
  if (pair.some((verb) => verb === "drain" || verb === "resume"))
    await bus.store.write(resumeTx).catch((error: unknown) => {
      if (!isSkepError(error)) throw error;
    });
  return fault;
}

async function startRacer(home: string) {
  const program = join(import.meta.dir, "pairs", "racer.ts");
  const child = Bun.spawn([process.execPath, program, home], { stdin: "pipe", stdout: "pipe" });
  const lines = linesOf(child.stdout);
  const next = async <T>() => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`a racer ended with ${await child.exited}`);
    return JSON.parse(value) as T;
  };
  await next();
  return {
    async ask(what: { verb: Verb; subject: Subject; atMs: number }): Promise<Outcome> {
      child.stdin.write(`${JSON.stringify(what)}\n`);
      void child.stdin.flush();
      return await next();
    },
    end: () => void child.stdin.end(),
  };
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, void, void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
}
