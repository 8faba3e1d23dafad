// The gate in front of an agent's inbox: a paused agent finishes what is in hand and claims nothing more.
import { aborted } from "../core/clock.ts";

export interface Gate {
  readonly closed: boolean;
  /** Aborts when the gate closes: a claim that waits is over then. */
  readonly closing: AbortSignal;
  close(): void;
  open(): void;
  /** Resolves when the gate is open, or `signal` aborts. */
  opened(signal: AbortSignal): Promise<void>;
  /** Has `hear` called whenever it closes or opens. */
  onChange(hear: () => void): void;
}

/** A gate that is open. */
export function openGate(): Gate {
  let closing = new AbortController();
  let opening = new AbortController();
  const hearers: (() => void)[] = [];
  const tell = () => {
    for (const hear of hearers) hear();
  };
  return {
    get closed() {
      return closing.signal.aborted;
    },
    get closing() {
      return closing.signal;
    },
    close() {
      if (closing.signal.aborted) return;
      opening = new AbortController();
      closing.abort();
      tell();
    },
    open() {
      if (!closing.signal.aborted) return;
      closing = new AbortController();
      opening.abort();
      tell();
    },
    async opened(signal) {
      if (closing.signal.aborted) await aborted(AbortSignal.any([opening.signal, signal]));
    },
    onChange: (hear) => void hearers.push(hear),
  };
}
