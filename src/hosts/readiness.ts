// Readiness: when messages reach an agent's program, and whoever waits for that may start.
import { sleep, sleepAwake } from "../core/clock.ts";
import { formatDuration } from "../core/durations.ts";
import { probe } from "./probe.ts";
import type { Host } from "./runner.ts";

const probeEveryMs = 200;
const probeTimeoutMs = 5_000;
const usualTimeoutMs = 30_000;

/** Hears what a program prints, until the text that makes it ready has come. */
export interface Listener {
  hear(bytes: Uint8Array | string): void;
  heard: Promise<void>;
}

/** Listens for `text` within one line; also when it comes in pieces. */
export function listenFor(text: string): Listener {
  let rest = "";
  let done = false;
  let resolve!: () => void;
  const heard = new Promise<void>((tell) => (resolve = tell));
  return {
    heard,
    hear(bytes) {
      if (done) return;
      rest += typeof bytes === "string" ? bytes : Buffer.from(bytes).toString("utf8");
      if (rest.includes(text)) {
        done = true;
        rest = "";
        return resolve();
      }
      // No more than could be the beginning of it.
      const line = rest.slice(rest.lastIndexOf("\n") + 1);
      rest = line.slice(-text.length);
    },
  };
}

/** Resolves when the agent is ready, with nothing; or with why it is not, in time; or with nothing when `over` aborts. */
export async function awaitReady(
  host: Pick<Host, "spec" | "env">,
  listener: Listener | undefined,
  over: AbortSignal,
): Promise<string | undefined> {
  const { ready = "start", readyTimeoutMs = usualTimeoutMs } = host.spec;
  if (typeof ready === "string") return undefined;
  const waited = new AbortController();
  const late = sleepAwake(readyTimeoutMs, AbortSignal.any([waited.signal, over])).then(
    () => `not ready after ${formatDuration(readyTimeoutMs)}`,
  );
  const isReady =
    "log" in ready
      ? listener!.heard.then(() => undefined)
      : untilProbed(host, ready.command, waited.signal);
  const outcome = await Promise.race([isReady, late]);
  waited.abort();
  return over.aborted ? undefined : outcome;
}

async function untilProbed(
  host: Pick<Host, "spec" | "env">,
  command: readonly string[],
  over: AbortSignal,
): Promise<undefined> {
  while (!over.aborted) {
    if ((await probe(host, command, probeTimeoutMs)) === undefined) return;
    await sleep(probeEveryMs, over);
  }
}
