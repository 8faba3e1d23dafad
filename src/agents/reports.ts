// Reports: what a host says of its agents, and what its own end means for them.
import { type Crew, setState } from "./crew.ts";
import { ended } from "./ended.ts";
import type { Report } from "./host-line.ts";
import type { HostProcess } from "./host-process.ts";
import type { Gone } from "./hosting.ts";
import { notePaused } from "./pause.ts";
import { describeExit } from "./process.ts";
import type { Exit } from "./spawned.ts";
import { endUselessHosts } from "./useless-host.ts";

/** Notes what `host` reports. */
export function hear(crew: Crew, host: HostProcess, report: Report): void {
  const tick = crew.supervision.clock.tick();
  host.heardTick = tick;
  if (report.report === "beat") {
    for (const name of host.agents) crew.charges.get(name)!.beatTick = tick;
    return;
  }
  const charge = crew.charges.get(report.name);
  if (charge === undefined || charge.host !== host) return;
  charge.beatTick = tick;
  if (report.report === "started") {
    const { program } = report;
    charge.program = program ?? undefined;
    charge.startedTick = tick;
    charge.running.give();
    crew.supervision.events.emit("agent.started", { name: report.name, pid: host.pid });
    void crew.record.note(report.name, { host, program, started: true });
  } else if (report.report === "working") charge.program = report.program ?? undefined;
  else if (report.report === "ready") becomeReady(crew, report.name);
  else if (report.report === "paused") notePaused(crew, charge);
  else {
    host.agents.delete(report.name);
    const { state, reason, unstarted } = report;
    // What a module has loaded stays in its process, and so do the settings that a host has read: when all of them leave it,
    // whoever starts next gets another one. What failed is not to cost a new host each time.
    const isStale = charge.member.runner === "module" || charge.end === "restart";
    if (isStale && isLeft(crew, host)) crew.hosting.shut(host);
    void ended(crew, charge, { state, reason, unstarted }).then(() =>
      endUselessHosts(crew, host.label),
    );
  }
}

/** Notes that messages reach the agent `name`; whoever comes after it may start. */
export function becomeReady(crew: Crew, name: string): void {
  const charge = crew.charges.get(name);
  if (charge === undefined || charge.over.given || crew.stopping) return;
  charge.ready.give();
  void setState(crew, charge, charge.paused ? "paused" : "ready", null);
}

/** Sees to the agents that a host left behind when it ended. */
export async function lose(crew: Crew, { host, exit, lastWords }: Gone): Promise<void> {
  const names = [...host.agents];
  if (crew.over.signal.aborted || names.length === 0) return;
  if (endedAsTold(exit, crew)) {
    await Promise.all(
      names.map((name) => endedIn(crew, host, name, { state: "stopped", reason: null })),
    );
    return;
  }
  const { store, ledger } = crew.supervision;
  const programs = names.flatMap((name) => crew.charges.get(name)?.program ?? []);
  // Its programs may still be at work on what somebody else is about to get.
  const killed = await crew.shelter.kill({ run: crew.run.mark, agents: names, programs }, true);
  const why = host.fault ?? `its host ${describeExit(exit)}`;
  const reason = `${why}${lastWords && `: ${lastWords}`}`;
  const atWork = await store.read((tx) => ledger.holdersAmong(tx, names));
  // It need not be one that was at work when none was: what a module leaves running can end its host as well.
  const suspects = atWork.size === 0 ? names : names.filter((name) => atWork.has(name));
  if (names.length > 1) setApart(crew, host, suspects);
  await Promise.all(
    names.map((name) => {
      const blameless = !suspects.includes(name);
      // However many are suspected of it, one host has ended.
      const repeats = name !== suspects[0];
      return endedIn(crew, host, name, { state: "dead", reason, killed, blameless, repeats });
    }),
  );
}

const apartMax = 16;

/**
 * Keeps `suspects`, one of which may have ended the host that they shared with others, apart from these: each in a host of its own, or
 * some to each of a few, when they are many. Whoever does it again is found among fewer.
 */
function setApart(crew: Crew, { label }: HostProcess, suspects: readonly string[]): void {
  for (const [index, name] of suspects.entries()) {
    const apart = suspects.length <= apartMax ? name : `${label}/${index % apartMax}`;
    Object.assign(crew.charges.get(name) ?? {}, { apart });
  }
}

/** Whether all who are still in `host` are about to leave it. */
function isLeft({ charges }: Crew, { agents }: HostProcess): boolean {
  return [...agents].every((name) => charges.get(name)?.end !== "of itself");
}

async function endedIn(
  crew: Crew,
  host: HostProcess,
  name: string,
  end: Parameters<typeof ended>[2],
): Promise<void> {
  const charge = crew.charges.get(name);
  if (charge === undefined || charge.host !== host) return;
  host.agents.delete(name);
  const { ledger } = crew.supervision;
  await ended(crew, charge, end, async (tx) => {
    await ledger.handBack(tx, name, end.reason ?? "its host ended");
    await ledger.forgetWaiter(tx, host.pid);
  });
}

/** Whether a host ended in order: by itself, or by the signal that told it to stop before it could listen to it. While nobody is told to stop it leaves nobody behind. */
function endedAsTold({ code, signal }: Exit, { stopping }: Crew): boolean {
  return stopping && (code === 0 || signal === "SIGTERM" || code === 143);
}
