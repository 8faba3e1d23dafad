// Cuts: the log of a home is cut short or has a byte flipped. What is there then is what some commit left, and where
// messages that were accepted are missing, nobody goes on without a word.
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openBus } from "../../src/bus/open.ts";
import { isSkepError } from "../../src/core/errors.ts";
import { bunDriver } from "../../src/store/driver-bun.ts";
import { openStore } from "../../src/store/open.ts";
import type { Store } from "../../src/store/store.ts";
import { put } from "../bus/verbs.ts";
import { testSettings } from "../fixtures/bus/bus.ts";
import { handClock } from "../helpers/temp-bus.ts";
import { stateOf } from "./crash/state.ts";
import { type Damage, everyCut, someFlips } from "./cuts/damage.ts";
import { type Commit, makeHistory } from "./cuts/history.ts";
import type { Proof } from "./proof.ts";

const commits = 24;

export const cuts: Proof = {
  name: "cuts",
  summary: "a log that is cut or flipped leaves what some commit left, and a loss is told",
  count: 20_000,
  quick: 200,
  unit: "flips, and every cut",
  async run({ count, progress, random }) {
    const folder = mkdtempSync(join(tmpdir(), "skep-cuts-"));
    const faults: string[] = [];
    let tried = 0;
    let losses = 0;
    try {
      for (const mode of ["process", "power"] as const) {
        const home = join(folder, mode);
        const history = await makeHistory(home, mode, commits);
        const { logBytes } = history.at(-1)!;
        const flips = someFlips(Math.ceil(count / 2), logBytes, random);
        for (const damage of [...everyCut(logBytes), ...flips]) {
          progress(`${tried} logs so far, now ${mode}: ${damage.what}`);
          const { fault, lost } = await tryDamage(folder, home, { mode, history, damage });
          if (fault !== undefined) faults.push(`${mode}: ${damage.what}: ${fault}`);
          if (lost > 0) losses++;
          tried++;
        }
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    if (losses === 0) faults.push("nothing was ever lost, so nothing was tried");
    return { faults, figures: `${tried} damaged logs, ${losses} with messages missing` };
  },
};

interface Case {
  mode: "process" | "power";
  history: readonly Commit[];
  damage: Damage;
}

/** Damages a copy of `home`, and opens it as commands would that come after it: what was wrong with that, and how much was lost. */
async function tryDamage(
  folder: string,
  home: string,
  { mode, history, damage }: Case,
): Promise<{ fault: string | undefined; lost: number }> {
  const copy = join(folder, "copy");
  cpSync(home, copy, { recursive: true });
  // It is no more than an index, and one of another log.
  rmSync(join(copy, "bus.db-shm"), { force: true });
  damage.doTo(join(copy, "bus.db-wal"));
  const left = history.findLast(({ logBytes }) => logBytes <= damage.wholeBytes) ?? history[0]!;
  const lost = history.at(-1)!.newest - left.newest;
  try {
    return { lost, fault: await faultIn(copy, mode, left, lost) };
  } catch (error) {
    return { lost, fault: String(error) };
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

async function faultIn(
  home: string,
  mode: Case["mode"],
  left: Commit,
  lost: number,
): Promise<string | undefined> {
  const said = await withStore(home, async (store) => ({
    state: String(Bun.hash(await stateOf(store))),
    check: await store.read((tx) => tx.all("select * from pragma_integrity_check")),
  }));
  if (said.state !== left.state) return "it is not what the last whole commit left";
  if (JSON.stringify(said.check) !== '[{"integrity_check":"ok"}]')
    return JSON.stringify(said.check);
  const sameBoot = await openAs(home, {});
  if (lost === 0) return sameBoot === 0 ? undefined : `nothing is missing, and it says ${sameBoot}`;
  if (sameBoot !== "E_LOSS") return `${lost} are missing, and within one boot it says ${sameBoot}`;
  const boot = await openAs(home, { boot: "another boot" });
  const wanted = mode === "power" ? "E_LOSS" : lost;
  if (boot !== wanted) return `${lost} are missing, and after a boot it says ${boot}`;
  if (mode === "power") {
    const accepted = await openAs(home, { acceptLoss: true });
    if (accepted !== lost) return `${lost} are missing, and when accepted it says ${accepted}`;
  }
  const again = await openAs(home, {});
  if (again !== 0) return `the next command says ${again}`;
  return await faultAfterwards(home, left, lost);
}

/** What is wrong with how it goes on. */
async function faultAfterwards(
  home: string,
  { newest }: Commit,
  lost: number,
): Promise<string | undefined> {
  return await withStore(home, async (store, clock) => {
    const bus = await openBus(store, clock, testSettings);
    const { id } = await put(bus, "a1");
    bus.doorbell.close();
    if (id !== newest + lost + 1) return `the next message has number ${id}`;
    const noted = await store.read((tx) => tx.all("select first, last from losses"));
    const range = [{ first: newest + 1, last: newest + lost }];
    return JSON.stringify(noted) === JSON.stringify(range) ? undefined : JSON.stringify(noted);
  });
}

/** How many deliveries the bus of `home` finds missing, or how it refuses to be opened. */
async function openAs(
  home: string,
  { boot, acceptLoss = false }: { boot?: string; acceptLoss?: boolean },
): Promise<number | string> {
  return await withStore(home, async (store, clock) => {
    try {
      const then = { ...clock, boot: boot ?? clock.boot };
      const { lost, doorbell } = await openBus(store, then, testSettings, { acceptLoss });
      doorbell.close();
      return lost;
    } catch (error) {
      if (isSkepError(error)) return error.code;
      throw error;
    }
  });
}

async function withStore<T>(
  home: string,
  look: (store: Store, clock: ReturnType<typeof handClock>) => Promise<T>,
): Promise<T> {
  const clock = handClock();
  const options = { durability: "process", busyTimeoutMs: 5_000 } as const;
  const store = await openStore({ home, driver: bunDriver, clock, ...options });
  try {
    return await look(store, clock);
  } finally {
    await store.close();
  }
}
