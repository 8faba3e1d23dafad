// The lookout: looks after what nobody reports. Agents that are silent or stopped, those that are to beat, and hosts
// that hang.
import { sleep } from "../core/clock.ts";
import { formatDuration } from "../core/durations.ts";
import { processState } from "../core/identity.ts";
import type { Charge } from "./charge.ts";
import { type Crew, giveUp, setState } from "./crew.ts";
import { type Detector, look, newDetector, timesOf } from "./detector.ts";
import type { HostProcess } from "./host-process.ts";
import { turningOf } from "./hung.ts";
import { isPassing } from "./insist.ts";
import { signalProcess } from "./process.ts";
import { hasEnded } from "./registry.ts";
import { noteSeen } from "./runs.ts";
import type { Change, Sign } from "./suspicion.ts";
import { exchangeBeats } from "./vital-signs.ts";

const lookEveryMs = 1_000;
const lateMaxMs = 1_000;
const seenEveryMs = 10_000;

/** Keeps a lookout until the run of `crew` is over. */
export async function keepLookout(crew: Crew): Promise<void> {
  const { over, supervision } = crew;
  const { clock } = supervision;
  let detector = newDetector(timesOf(supervision.settings));
  let seenTick = clock.tick();
  let lookTick = clock.tick();
  while (!over.signal.aborted) {
    await sleep(lookEveryMs, over.signal);
    if (over.signal.aborted) return;
    const tick = clock.tick();
    // Whatever kept us from looking may have kept the agents from beating: a stopped container, a busy machine.
    if (tick - lookTick > lookEveryMs + lateMaxMs) crew.awakeTick = tick;
    lookTick = tick;
    crew.shelter.reap();
    try {
      await exchangeBeats(crew, lookTick);
      detector = suspect(crew, detector);
      endHung(crew);
      if (clock.tick() - seenTick >= seenEveryMs) {
        seenTick = clock.tick();
        await supervision.store.write((tx) => noteSeen(tx, crew.run.id));
      }
    } catch (error) {
      // A locked database or a full disk puts off what can wait; anything else is the end of it.
      if (!isPassing(error)) return giveUp(crew, error);
    }
  }
}

/** Ends the hosts that a module has kept from anything else for too long. */
function endHung(crew: Crew): void {
  const { clock, settings } = crew.supervision;
  const hosts = crew.hosting.hosts().filter((host) => mayHang(crew, host));
  for (const host of hosts) {
    const { heardTick } = host;
    const state = processState(host.pid);
    // What never said anything has not begun yet.
    if (heardTick === null || state === undefined) continue;
    host.turning = turningOf(host.turning, state, { tick: clock.tick(), heardTick, lookEveryMs });
    if (host.turning.hungMs < settings.hangTimeoutMs) continue;
    host.fault = `a module kept its host from anything else for ${formatDuration(settings.hangTimeoutMs)}`;
    signalProcess(host, "SIGKILL");
  }
}

/** Whether others wait for what a module does in `host`. One with a host to itself keeps nobody waiting. */
function mayHang(crew: Crew, { agents }: HostProcess): boolean {
  const [member] = [...agents].map((name) => crew.charges.get(name)!.member);
  return member !== undefined && member.runner === "module" && member.pool !== undefined;
}

/** Has a look at every agent, and notes who is suspect from now on, or no more: the detector afterwards. */
function suspect(crew: Crew, detector: Detector): Detector {
  const hostStates = new Map<number, string | null>();
  const signs = [...crew.charges.values()].flatMap((charge) => signOf(charge, hostStates) ?? []);
  const after = look(detector, crew.supervision.clock.tick(), signs);
  for (const change of after.changes) void note(crew, change);
  return after.detector;
}

async function note(crew: Crew, { name, suspect: isSuspect, reason }: Change): Promise<void> {
  const charge = crew.charges.get(name);
  if (charge === undefined || crew.stopping || hasEnded(charge.state)) return;
  if (isSuspect) {
    if (charge.state !== "suspect") charge.before = charge.state;
    await setState(crew, charge, "suspect", reason);
  } else if (charge.state === "suspect") {
    const state = charge.before === "starting" ? "starting" : charge.paused ? "paused" : "ready";
    await setState(crew, charge, state, null);
  }
}

/** What is seen of an agent; undefined when it has no host, which may also hang before it has begun. Agents that share one are looked at once. */
function signOf(charge: Charge, hostStates: Map<number, string | null>): Sign | undefined {
  const { host, program, member, beatTick } = charge;
  if (host === undefined) return undefined;
  if (!hostStates.has(host.pid)) hostStates.set(host.pid, stateOf(host.pid));
  return {
    name: member.name,
    host: host.pid,
    beatTick,
    hostState: hostStates.get(host.pid)!,
    programState: program === undefined ? null : stateOf(program.pid),
  };
}

function stateOf(pid: number): string | null {
  return processState(pid)?.state ?? null;
}
