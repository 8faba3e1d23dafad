// A host process: starts, pauses and stops the agents that its supervisor hands it, one or many, and tells how they are.
import type { Order, Report } from "../agents/host-line.ts";
import { type Shelter, openShelter } from "../agents/strays.ts";
import { shareBus } from "../bus/open.ts";
import { aborted, jitter, sleep } from "../core/clock.ts";
import { type Gate, openGate } from "./gate.ts";
import { endWithoutSupervisor, runHost } from "./host.ts";
import { openHeld, openPace } from "./pace.ts";
import type { Assignment, Controls, Parts } from "./runner.ts";
import { type Turns, openTurns } from "../core/turns.ts";
import { openSpares } from "./spares.ts";

// Whoever is to be ended when it says nothing for so long beats some times within it.
const beatsPerTimeout = 4;

/** What a host process hears and says. */
export interface Post {
  /** Ends when there is no supervisor any more; then every agent stops. */
  orders: AsyncIterable<Order>;
  tell(report: Report): void;
  /** Aborts when every agent is to stop. */
  draining: AbortSignal;
}

/** Hosts agents as it is told, until it is told to stop, or nobody is there to tell it, and all of them have ended. */
export async function hostAgents(parts: Parts, { orders, tell, draining }: Post): Promise<void> {
  const hosted = new Map<string, Hosted>();
  const orphaned = new AbortController();
  const stopping = AbortSignal.any([draining, orphaned.signal]);
  const over = new AbortController();
  let turns: Turns | undefined;
  const held = openHeld();
  const shelter = openShelter();
  const { beatEveryMs, hangTimeoutMs, stopGraceMs } = parts.settings.agents;
  const spares = openSpares(stopGraceMs);
  // Those that were told to start and have yet to say that they did, and the last one that did.
  const starting = new Set<string>();
  let latest: Assignment | undefined;
  // Everybody who was ever here.
  const names = new Set<string>();
  void beat(tell, shelter, Math.min(beatEveryMs, hangTimeoutMs / beatsPerTimeout), over.signal);

  const start = (name: string, slot: number, assignment: Assignment) => {
    const bus = shareBus(parts.bus, slot, parts.openDoorbell?.());
    const stop = new AbortController();
    const killing = new AbortController();
    const gate = openGate();
    const pace = openPace(held, parts.settings.governor);
    const signal = AbortSignal.any([stopping, stop.signal]);
    const run = assignment.env["SKEP_RUN"]!;
    const mark = { run, agents: [name] };
    // All that share a host are of one group.
    turns ??= openTurns(assignment.spec.atOnce);
    const controls: Controls = {
      draining: signal,
      gate,
      pace,
      turns,
      spares,
      killing: killing.signal,
      // Of one that is alone here they are known without any mark.
      endStrays: () => shelter.kill({ ...mark, spares: spares.marksOf(name) }, hosted.size === 1),
      tell(report) {
        tell(report);
        if (report.report !== "started") return;
        latest = assignment;
        hasBegun(name);
      },
    };
    starting.add(name);
    // All of them have one supervisor.
    if (names.size === 0)
      void endWithoutSupervisor(
        parts,
        { run, supervisor: assignment.supervisor },
        { names, spares },
        stopping,
      );
    names.add(name);
    const ended = runHost({ ...parts, bus }, assignment, controls).then((ending) => {
      hosted.delete(name);
      hasBegun(name);
      bus.doorbell.close();
      tell({ report: "ended", name, ...ending });
    });
    hosted.set(name, { stop, killing, gate, ended });
  };

  // No agent that could run is kept waiting for the sake of one that may be wanted later.
  const hasBegun = (name: string) => {
    starting.delete(name);
    if (starting.size > 0 || latest === undefined) return;
    const { spec, env } = latest;
    const { command, cwd, spare = 0 } = spec;
    if (spec.runner === "stream") spares.refill({ command: command!, cwd, env }, spare);
  };

  const follow = (order: Order) => {
    if (order.order === "start")
      return start(order.name, order.slot, order.assignment as Assignment);
    if (order.order === "hold") return held.hold(order.level, order.forMs);
    const one = hosted.get(order.name);
    if (one === undefined) return;
    if (order.order === "stop") one.stop.abort();
    else if (order.order === "kill") one.killing.abort(order.reason);
    else if (order.order === "pause") {
      one.gate.close();
      tell({ report: "paused", name: order.name });
    } else one.gate.open();
  };

  const told = (async () => {
    for await (const order of orders) follow(order);
    orphaned.abort();
  })();
  await Promise.race([told, aborted(draining)]);
  const spared = spares.end();
  while (hosted.size > 0) await Promise.all([...hosted.values()].map(({ ended }) => ended));
  await spared;
  over.abort();
  await shelter.end(0);
}

interface Hosted {
  stop: AbortController;
  killing: AbortController;
  gate: Gate;
  ended: Promise<void>;
}

async function beat(
  tell: Post["tell"],
  shelter: Shelter,
  everyMs: number,
  over: AbortSignal,
): Promise<void> {
  while (!over.aborted) {
    tell({ report: "beat" });
    shelter.reap();
    await sleep(jitter(everyMs, 0.2), over);
  }
}
