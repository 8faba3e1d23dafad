// Renewing: while its program is at work an agent keeps what it holds, but not for ever.
import { leasesOf, renewTx } from "../bus/lease.ts";
import { sleep } from "../core/clock.ts";
import { isSkepError } from "../core/errors.ts";
import { type ProcessIdentity, processState } from "../core/identity.ts";
import type { Host } from "./runner.ts";

// A program that has been stopped (SIGSTOP, a debugger) for this long loses its leases; so does one that works on one
// delivery for longer than `bus.max_run`. Neither can ack over whoever claims next (design, promise 3).
const stoppedMaxMs = 60_000;

/** Renews the leases of `host` at a third of their time until told to stop. `program` is the process that works now, if there is one. */
export function keepLeases(
  host: Pick<Host, "store" | "clock" | "spec" | "settings" | "log">,
  program: () => ProcessIdentity | undefined,
): { stop(): void } {
  const stopping = new AbortController();
  void renewals(host, program, stopping.signal);
  return { stop: () => stopping.abort() };
}

async function renewals(
  { store, clock, spec, settings, log }: Parameters<typeof keepLeases>[0],
  program: () => ProcessIdentity | undefined,
  stop: AbortSignal,
): Promise<void> {
  const { leaseMs, maxRunMs } = settings.bus;
  let heldSince = new Map<string, number>();
  let stoppedSince: number | undefined;
  for (;;) {
    await sleep(leaseMs / 3, stop);
    if (stop.aborted) return;
    try {
      const held = await store.read((tx) => leasesOf(tx, spec.name));
      const now = clock.tick();
      heldSince = new Map(
        held.map(({ id, epoch }) => [`${id}.${epoch}`, heldSince.get(`${id}.${epoch}`) ?? now]),
      );
      stoppedSince = isStopped(program()) ? (stoppedSince ?? now) : undefined;
      if (stoppedSince !== undefined && now - stoppedSince >= stoppedMaxMs) continue;
      const kept = held.filter(
        ({ id, epoch }) => now - heldSince.get(`${id}.${epoch}`)! < maxRunMs,
      );
      if (kept.length > 0)
        await store.write((tx) => renewTx(tx, kept, leaseMs), { essential: true });
    } catch (error) {
      // The next round is soon enough: a lease outlives two that fail.
      if (!isSkepError(error)) throw error;
      log.append(`skep: leases not renewed: ${error.message}\n`);
    }
  }
}

function isStopped(program: ProcessIdentity | undefined): boolean {
  if (program === undefined) return false;
  const now = processState(program.pid);
  return now?.startTime === program.startTime && (now.state === "T" || now.state === "t");
}
