// The record: what a supervisor writes about its agents, as much of it in one transaction as has come up meanwhile.
import type { Store, WriteTx } from "../store/store.ts";
import { insist } from "./insist.ts";
import { type AgentChange, conditionOf, noteChange } from "./registry.ts";
import { checkFence } from "./runs.ts";

/** One change of an agent's state, for whoever wants to hear of it. */
export interface Announcement {
  agent: string;
  state: string;
  reason: string | null;
  /** What it last said of itself; null when it never did. */
  health: string | null;
  detail: string | null;
}

export interface Recorder {
  /** Notes `change` about the agent `name`, and does `also` in the same transaction; resolves when that is committed, or never will be. */
  note(name: string, change: AgentChange, also?: (tx: WriteTx) => Promise<unknown>): Promise<void>;
  /** Resolves when all that was noted is committed. */
  settled(): Promise<void>;
}

/** A recorder for `run`. `failed` hears of what cannot be written: above all that the run is somebody else's now. */
export function openRecord(options: {
  store: Store;
  run: number;
  announce(tx: WriteTx, announcement: Announcement): Promise<void>;
  failed(error: unknown): void;
  /** Aborts when what cannot be written now need not be written at all. */
  over: AbortSignal;
}): Recorder {
  const { store, run, announce, failed, over } = options;
  let waiting: Entry[] = [];
  let writing: Promise<void> | undefined;

  const writeAll = async () => {
    // What is noted in the same breath goes into the same transaction.
    await Promise.resolve();
    while (waiting.length > 0) {
      const entries = waiting;
      waiting = [];
      try {
        await insist(
          store,
          async (tx) => {
            await checkFence(tx, run);
            for (const { name, change, also } of entries) {
              await noteChange(tx, name, change);
              await also?.(tx);
              if (change.state === undefined && change.health === undefined) continue;
              const condition = await conditionOf(tx, name);
              if (condition !== undefined) await announce(tx, { agent: name, ...condition });
            }
          },
          over,
        );
      } catch (error) {
        failed(error);
      }
      for (const { done } of entries) done();
    }
    writing = undefined;
  };

  return {
    note(name, change, also) {
      return new Promise((done) => {
        waiting.push({ name, change, also, done });
        writing ??= writeAll();
      });
    },
    async settled() {
      while (writing !== undefined) await writing;
    },
  };
}

interface Entry {
  name: string;
  change: AgentChange;
  also: ((tx: WriteTx) => Promise<unknown>) | undefined;
  done(): void;
}
