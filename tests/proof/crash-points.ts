// Crash points: whatever writes is killed before each of its steps, and the database is as it was before one of its
// transactions or after it, and whole.
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { conservation } from "../../src/bus/inboxes.ts";
import { openBus } from "../../src/bus/open.ts";
import type { Clock } from "../../src/core/clock.ts";
import { isSkepError } from "../../src/core/errors.ts";
import { bunDriver } from "../../src/store/driver-bun.ts";
import { type StoreFile, busFile } from "../../src/store/files.ts";
import { openStore } from "../../src/store/open.ts";
import type { Store } from "../../src/store/store.ts";
import { testSettings } from "../fixtures/bus/bus.ts";
import { auditLedger } from "../helpers/audit-ledger.ts";
import { handClock } from "../helpers/temp-bus.ts";
import { operations } from "./crash/operations.ts";
import { stateOf } from "./crash/state.ts";
import type { Proof } from "./proof.ts";

export const crashPoints: Proof = {
  name: "crash",
  summary: "whatever writes, killed before each of its steps, has done it as a whole or not at all",
  count: Object.keys(operations).length,
  quick: Object.keys(operations).length,
  unit: "operations",
  async run({ count, progress }) {
    const faults: string[] = [];
    let points = 0;
    for (const name of Object.keys(operations).slice(0, count)) {
      progress(`${points} points so far, now: ${name}`);
      const tried = await tryOperation(name);
      points += tried.points;
      faults.push(...tried.faults.map((fault) => `${name}: ${fault}`));
    }
    return { faults, figures: `${points} crash points of ${count} operations` };
  },
};

/** A home as the first version made it. */
const firstFile: StoreFile = { ...busFile, migrations: busFile.migrations.slice(0, 1) };

interface Tried {
  points: number;
  faults: string[];
}

/** Kills the operation `name` before each of its steps. */
export async function tryOperation(name: string): Promise<Tried> {
  const { prepare, changes, migrates = false } = operations[name]!;
  const first = migrates ? firstFile : busFile;
  const folder = mkdtempSync(join(tmpdir(), "skep-crash-"));
  try {
    const before = join(folder, "before");
    const start = await withStore(
      before,
      async (store, clock) => {
        const bus = await openBus(store, clock, testSettings);
        await prepare(bus);
        bus.doorbell.close();
        await store.checkpoint();
        return await stateOf(store);
      },
      first,
    );
    const whole = await run(folder, before, name, 0);
    if (whole.said === undefined) return { points: 0, faults: ["it did not come to its end"] };
    const { steps, commits: commitSteps } = whole.said;
    const faults: string[] = [];
    let last = start;
    let changed = 0;
    for (let step = 1; step <= steps + 1; step++) {
      const killed = await run(folder, before, name, step);
      if (killed.fault !== undefined) faults.push(`killed before step ${step}: ${killed.fault}`);
      // What was committed is there, and nothing else is.
      if (killed.state !== last) changed++;
      if (killed.state !== last && !commitSteps.includes(step - 1))
        faults.push(`half of it is there before step ${step}`);
      last = killed.state;
    }
    if (changed !== changes)
      faults.push(`${changed} transactions change something, and ${changes} should`);
    if (last !== whole.state) faults.push("at its end it is not what it is without a kill");
    return { points: steps + 1, faults };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Run {
  said: { steps: number; commits: number[] } | undefined;
  state: string;
  fault: string | undefined;
}

/** Does the operation on a copy of `before`, killed before `step`, and looks at what is left as the next one would. */
async function run(folder: string, before: string, name: string, step: number): Promise<Run> {
  const home = join(folder, `step-${step}`);
  cpSync(before, home, { recursive: true });
  const program = join(import.meta.dir, "crash", "die-at-step.ts");
  const child = Bun.spawn([process.execPath, program, home, name, String(step)], {
    stdout: "pipe",
    stderr: "inherit",
  });
  const text = await child.stdout.text();
  await child.exited;
  const state = await stateIn(home, operations[name]!.migrates);
  const fault = await withStore(home, faultOf);
  rmSync(home, { recursive: true, force: true });
  return { said: text === "" ? undefined : (JSON.parse(text) as Run["said"]), state, fault };
}

/** What lies in `home`, before anybody else has opened it: with `migrates`, whether it is of the first version still. */
async function stateIn(home: string, migrates = false): Promise<string> {
  if (!migrates) return await withStore(home, stateOf);
  try {
    return await withStore(home, stateOf, firstFile);
  } catch (error) {
    if (!isSkepError(error, "E_SCHEMA")) throw error;
    return `migrated: ${await withStore(home, stateOf)}`;
  }
}

/** What is wrong with what lies there; undefined when nothing is. */
async function faultOf(store: Store): Promise<string | undefined> {
  try {
    await auditLedger({ store }, { forgets: true });
    assert.equal((await store.read(conservation)).holds, true, "the sums add up");
    const checked = await store.read((tx) => tx.all("select * from pragma_integrity_check"));
    assert.deepEqual(checked, [{ integrity_check: "ok" }]);
    return undefined;
  } catch (error) {
    return (error as Error).message.split("\n")[0];
  }
}

async function withStore<T>(
  home: string,
  look: (store: Store, clock: Clock) => Promise<T>,
  file = busFile,
): Promise<T> {
  const clock = handClock();
  const options = { durability: "process", busyTimeoutMs: 5_000 } as const;
  const store = await openStore({ home, file, driver: bunDriver, clock, ...options });
  try {
    return await look(store, clock);
  } finally {
    await store.close();
  }
}
