// Stop: one agent ends, in its time, to start anew or to be gone; or all of them do.
import { aborted, sleep, sleepAwake } from "../core/clock.ts";
import type { Charge } from "./charge.ts";
import { type Crew, allOver, setState } from "./crew.ts";
import { stays } from "./ended.ts";
import { labelOf } from "./hosting.ts";
import { insist } from "./insist.ts";
import { signalProcess } from "./process.ts";
import { checkFence, findRun, noteStopping } from "./runs.ts";
import { endOwnHost, endUselessHosts } from "./useless-host.ts";

/** Has `charge` finish what it holds and end: to start anew at once, or to be gone. Resolves when it has ended. */
export async function stopOne(crew: Crew, charge: Charge, end: "restart" | "gone"): Promise<void> {
  if (charge.over.given) return;
  if (charge.rest !== undefined || charge.host === undefined) {
    if (charge.rest !== undefined && end === "restart") endOwnHost(crew, charge);
    charge.rest?.abort();
    if (end === "restart") return;
    await stays(crew, charge, { state: "stopped", reason: null }, null);
    return endUselessHosts(crew, labelOf(charge));
  }
  charge.end = end;
  const { name } = charge.member;
  const { host } = charge;
  await setState(crew, charge, "stopping", end === "gone" ? "not wanted any more" : "starts anew");
  host.tell({ order: "stop", name });
  const { drainTimeoutMs, stopGraceMs } = crew.supervision.settings;
  const waited = new AbortController();
  const isOut = charge.ended;
  void isOut.promise.then(() => waited.abort());
  await Promise.race([isOut.promise, sleepAwake(drainTimeoutMs, waited.signal)]);
  if (isOut.given) return;
  host.tell({ order: "kill", name, reason: "it did not end in time" });
  await Promise.race([isOut.promise, sleepAwake(stopGraceMs, waited.signal)]);
  // Nothing but the end of its host ends a module that does not return.
  if (!isOut.given) signalProcess(host, "SIGKILL");
  await isOut.promise;
}

/** Has every agent finish what it holds, for as long as it may take; what cannot be written down is waited for until it is urgent. E_RUNNING when the run is somebody else's by now. */
export async function drain(crew: Crew): Promise<void> {
  const { store, ledger, settings, urgent } = crew.supervision;
  const run = crew.run.id;
  await Promise.race([crew.record.settled(), aborted(urgent)]);
  const timeoutMs = await insist(
    store,
    async (tx) => {
      // Somebody may have taken this supervisor for dead: what is open now is not its to stop.
      await checkFence(tx, run);
      const asked = (await findRun(tx, run))!.stopTimeoutMs ?? settings.drainTimeoutMs;
      await noteStopping(tx, run);
      await ledger.stopIntake(tx, tx.tick + asked);
      return asked;
    },
    urgent,
  );
  crew.stopping = true;
  for (const charge of crew.charges.values()) {
    if (charge.over.given) continue;
    charge.rest?.abort();
    if (charge.host === undefined) void setState(crew, charge, "stopped", null);
    else void setState(crew, charge, "stopping", null);
  }
  for (const host of crew.hosting.hosts()) {
    // A stopped process hears nothing until it is continued.
    signalProcess(host, "SIGTERM");
    signalProcess(host, "SIGCONT");
  }
  const waited = new AbortController();
  const enough = AbortSignal.any([urgent, waited.signal]);
  const out = Promise.all([allOver(crew), crew.hosting.ended()]);
  await Promise.race([out, sleep(timeoutMs, enough)]);
  waited.abort();
  await Promise.race([crew.record.settled(), aborted(urgent)]);
}
