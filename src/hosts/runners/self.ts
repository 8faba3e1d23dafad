// The self runner: the program calls skep by itself; its host keeps its leases and waits for its end.
import { type Child, type Exit, describeExit, launch, stopGroup } from "../../agents/process.ts";
import { leasesOf } from "../../bus/lease.ts";
import { sleep } from "../../core/clock.ts";
import { aborted } from "../../core/clock.ts";
import type { Ended, Host } from "../host.ts";

// A program that holds nothing hears at its next claim that the swarm is stopping; this long it may take to leave by itself.
const leaveMs = 1_000;

/** Runs the program until it ends by itself or the agent is to stop. */
export async function runSelf(host: Host): Promise<Ended> {
  const { spec, env, log } = host;
  const append = (chunk: Uint8Array) => log.append(chunk);
  const child = await launch({
    command: spec.command!,
    cwd: spec.cwd,
    env,
    onStdout: append,
    onStderr: append,
  });
  child.end();
  await host.started(child);
  await Promise.race([child.exited, aborted(host.draining)]);
  if (host.draining.aborted) await letFinish(host, child);
  return endedBy(await child.exited, spec.command![0]!, host.draining.aborted);
}

/** How an agent ended whose program ended with `exit`; whatever ends when it is told to has stopped. */
export function endedBy(exit: Exit, program: string, wasTold: boolean): Ended {
  if (exit.code === 0 || wasTold) return { state: "stopped", reason: null };
  return { state: "failed", reason: `${program} ${describeExit(exit)}` };
}

async function letFinish(host: Host, child: Child): Promise<void> {
  let gone = false;
  void child.exited.then(() => (gone = true));
  while (!gone && (await holdsAnything(host))) await Promise.race([child.exited, sleep(100)]);
  await Promise.race([child.exited, sleep(leaveMs)]);
  await stopGroup(child, host.settings.agents.stopGraceMs);
}

async function holdsAnything({ store, spec }: Host): Promise<boolean> {
  return (await store.read((tx) => leasesOf(tx, spec.name))).length > 0;
}
