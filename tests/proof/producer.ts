// Whoever has work for the swarm: no agent of it, sending with keys, and so able to ask again when it does not know what became
// of a message. Its `skep send` may be killed like everything else.
import { signalProcess } from "../../src/agents/process.ts";
import { sleep } from "../../src/core/clock.ts";
import { splitLines } from "../../src/core/lines.ts";
import type { Place, Running } from "./place.ts";
import type { Random } from "./random.ts";

export interface Producer {
  /** The id of each message that was accepted, by its key. */
  accepted: ReadonlyMap<string, number>;
  /** How often a message was sent again because nobody knew what had become of it, or it had been refused. */
  again(): number;
  /** The `skep send` that runs now; undefined between two. */
  sender(): Running | undefined;
  /** Sends nothing new, and waits until all that was tried is accepted: the faults. */
  finish(timeoutMs: number): Promise<string[]>;
}

export interface Work {
  /** Where the work goes. */
  inboxes: readonly string[];
  /** Where the answers go. */
  answers: string;
  /** How long each message takes, in milliseconds. */
  leastMs: number;
  mostMs: number;
  /** So many may be on their way at a time. */
  atOnce: number;
  /** How many of the accepted are done. */
  done(): number;
}

interface Message {
  key: string;
  line: string;
}

const pauseMs = 50;
const roundMax = 20;

// What a bus may answer that is closed, or busy, for a while.
const passing = new Set(["E_DRAINING", "E_BUSY", "E_FULL"]);

/** Starts sending to the swarm in `place`. Each body says how long to work, and what to answer: the key of its message. */
export function produce(place: Place, random: Random, work: Work): Producer {
  const accepted = new Map<string, number>();
  const tried = new Map<string, Message>();
  const refused = new Set<string>();
  let again = 0;
  let next = 0;
  let finishing = false;
  let sender: Running | undefined;

  const newMessage = (): Message => {
    const key = `k${next++}`;
    const seconds = (random.whole(work.leastMs, work.mostMs) / 1_000).toFixed(3);
    const to = random.pick(work.inboxes);
    const draft = { to, body: `${seconds} ${key}`, reply_to: work.answers, key };
    return { key, line: `${JSON.stringify(draft)}\n` };
  };
  const isDone = () => finishing && tried.size === 0;
  const wanted = () => work.atOnce - (accepted.size + tried.size - work.done());

  /** Sends by one process for as long as it lives. */
  const sendBy = async () => {
    // What was written and not answered, in the order of the lines.
    const asked: Message[] = [];
    const lines = splitLines(1_000_000, (line) => {
      const { id, error } = JSON.parse(line!) as { id?: number; error?: { code: string } };
      const { key } = asked.shift()!;
      if (error !== undefined && !passing.has(error.code)) refused.add(line!);
      if (id === undefined) return;
      accepted.set(key, id);
      tried.delete(key);
    });
    const words = ["--as", "producer", "send", "--batch", "--json"];
    const started = await place.start(words, (chunk) => lines.add(chunk));
    sender = started;
    let ended = false;
    void started.finished.then(() => (ended = true));
    while (!ended && !isDone()) {
      if (asked.length === 0) {
        const old = [...tried.values()].slice(0, roundMax);
        again += old.length;
        const fresh = finishing ? 0 : Math.min(roundMax - old.length, wanted());
        for (let count = 0; count < fresh; count++) old.push(newMessage());
        for (const message of old) tried.set(message.key, message);
        asked.push(...old);
        void started.write(old.map(({ line }) => line).join(""));
      }
      await sleep(pauseMs);
    }
    started.end();
    await started.finished;
    sender = undefined;
  };
  const over = (async () => {
    while (!isDone()) await sendBy();
  })();
  return {
    accepted,
    again: () => again,
    sender: () => sender,
    async finish(timeoutMs) {
      finishing = true;
      const waited = new AbortController();
      await Promise.race([over, sleep(timeoutMs, waited.signal)]);
      waited.abort();
      const faults = [...refused].map((line) => `a message was refused: ${line}`);
      if (isDone()) return faults;
      if (sender !== undefined) signalProcess(sender, "SIGKILL");
      const { size } = tried;
      return [...faults, `${size} messages were not accepted within ${timeoutMs / 1_000} s`];
    },
  };
}
