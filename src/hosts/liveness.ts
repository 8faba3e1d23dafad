// Liveness: a program that has not shown for a while that it lives is ended, and its agent starts anew.
import { sleep } from "../core/clock.ts";
import { probe } from "./probe.ts";
import type { Host } from "./runner.ts";

/** Probes the agent's program until `over` aborts, or too many probes in a row fail: why then. */
export async function untilLifeless(
  host: Pick<Host, "spec" | "env" | "log">,
  over: AbortSignal,
): Promise<string | undefined> {
  const { live } = host.spec;
  if (live == null || !("command" in live)) return undefined;
  for (let failures = 0; !over.aborted;) {
    await sleep(live.everyMs, over);
    if (over.aborted) return undefined;
    const why = await probe(host, live.command, live.timeoutMs);
    failures = why === undefined ? 0 : failures + 1;
    if (why !== undefined) host.log.append(`skep: liveness: ${why}\n`);
    if (failures >= live.failures) return `its liveness probe failed ${failures} times: ${why}`;
  }
  return undefined;
}
