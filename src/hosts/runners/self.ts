// The self runner: the program calls skep by itself; its host keeps its leases and waits for its end.
import type { Child } from "../../agents/process.ts";
import { leasesOf } from "../../bus/lease.ts";
import { aborted, sleep } from "../../core/clock.ts";
import { endedBy, letLeave, startProgram } from "../program.ts";
import type { Ended, Host } from "../runner.ts";

// A program that holds nothing hears at its next claim that the swarm is stopping; this long it may take to leave by itself.
const usualLeaveMs = 1_000;

/** Runs the program until it ends by itself or the agent is to stop. */
export async function runSelf(host: Host): Promise<Ended> {
  const child = await (host.spec.terminal ? startOnTerminal(host) : startWithoutInput(host));
  await Promise.race([child.exited, aborted(host.draining)]);
  if (host.draining.aborted) {
    await finishWork(host, child);
    await letLeave(host, child, host.leaveMs ?? usualLeaveMs);
  }
  return endedBy(host, await child.finished);
}

async function startOnTerminal(host: Host) {
  // Loaded for those who want one: every other host would start the later for it.
  return (await import("../terminal.ts")).startOnTerminal(host);
}

async function startWithoutInput(host: Host): Promise<Child> {
  const child = await startProgram(host, (chunk) => host.log.append(chunk));
  child.end();
  return child;
}

/** Waits until the program holds nothing any more. */
async function finishWork({ store, spec }: Host, child: Pick<Child, "exited">): Promise<void> {
  let gone = false;
  void child.exited.then(() => (gone = true));
  const holdsAnything = async () => (await store.read((tx) => leasesOf(tx, spec.name))).length > 0;
  while (!gone && (await holdsAnything())) await Promise.race([child.exited, sleep(100)]);
}
