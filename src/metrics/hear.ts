// Hear: each event of a swarm as points.
import type { Emitter } from "../core/events.ts";
import { ownPoint } from "./own-point.ts";
import type { Point } from "./point.ts";

/** Hands `take` the points of whatever `events` tells from now on; `tick` is the time it is told at. */
export function hearEvents(
  events: Emitter,
  clock: { tick(): number },
  take: (point: Point) => void,
): void {
  let start: { tick: number; agents: number; running: Set<string> } | undefined;
  events.on("swarm.started", ({ agents }) => {
    start = { tick: clock.tick(), agents, running: new Set() };
    take(ownPoint("swarm.agents", agents));
  });
  events.on("agent.started", ({ name: agent }) => {
    take(ownPoint("agent.starts", 1, { agent }));
    if (start?.running.add(agent).size !== start?.agents || start === undefined) return;
    take(ownPoint("swarm.start_time", clock.tick() - start.tick));
    start = undefined;
  });
  events.on("agent.restarting", ({ name: agent, killed }) => {
    take(ownPoint("agent.restarts", 1, { agent }));
    if (killed > 0) take(ownPoint("agent.killed", killed, { agent }));
  });
  events.on("agent.ended", ({ name: agent, state, killed }) => {
    take(ownPoint("agent.ends", 1, { agent, tags: { state } }));
    if (killed > 0) take(ownPoint("agent.killed", killed, { agent }));
  });
  events.on("alert.noticed", ({ channel, what: outcome }) =>
    take(ownPoint("alert.notices", 1, { tags: { channel, outcome } })),
  );
  events.on("swarm.governed", ({ level, cause }) =>
    take(ownPoint("governor.level", level, { tags: { cause: cause ?? "none" } })),
  );
  events.on("metrics.pushed", ({ points, rejected, kind }) => {
    if (points > 0) take(ownPoint("export.points", points));
    if (rejected > 0) take(ownPoint("export.rejected", rejected));
    if (kind !== null) take(ownPoint("export.failures", 1, { tags: { kind } }));
  });
  events.on("swarm.handover", ({ from: agent, moved }) =>
    take(ownPoint("swarm.moved", moved, { agent })),
  );
}
