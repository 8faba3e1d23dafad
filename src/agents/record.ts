// The record: what a supervisor writes about its agents, as much of it in one transaction as has come up meanwhile.
import type { Store, WriteTx } from "../store/store.ts";
import { insist } from "./insist.ts";
import { type AgentChange, type Condition, noteChange } from "./registry.ts";
import { checkFence } from "./runs.ts";

/** One change of an agent's state, or of what it says of itself, for whoever wants to hear of it. */
export interface Announcement extends Condition {
  agent: string;
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
  announce(tx: WriteTx, announcements: readonly Announcement[]): Promise<void>;
  failed(error: unknown): void;
  /** Aborts when what cannot be written now need not be written at all. */
  over: AbortSignal;
}): Recorder {
  const { store, run, announce, failed, over } = options;
  const waiting: Entry[] = [];
  let writing: Promise<void> | undefined;

  const writeAll = async () => {
    // What is noted in the same breath goes into the same transaction.
    await Promise.resolve();
    while (waiting.length > 0) {
      const entries: Entry[] = [];
      try {
        await insist(
          store,
          async (tx) => {
            await checkFence(tx, run);
            // So does what has come up while we stood in line for the lock.
            entries.push(...waiting.splice(0));
            const announcements: Announcement[] = [];
            for (const { name, change, also } of entries) {
              const condition = await noteChange(tx, name, change);
              await also?.(tx);
              if (condition !== undefined && isOfInterest(change))
                announcements.push({ agent: name, ...condition });
            }
            if (announcements.length > 0) await announce(tx, announcements);
          },
          over,
        );
      } catch (error) {
        // None of what waits would be written either.
        entries.push(...waiting.splice(0));
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

function isOfInterest({ state, health }: AgentChange): boolean {
  return state !== undefined || health !== undefined;
}
