// Readings: from looks at a swarm, the newest and those of a while ago, to the values that rules are held against. Pure.
import type { Reading } from "./decide.ts";
import type { AlertSettings } from "./rules.ts";

/** One look at everything but processes. */
export interface Look {
  tick: number;
  inboxes: readonly {
    inbox: string;
    depth: number;
    utilization: number;
    oldestMs: number;
    dead: number;
    refused: number;
    waitingSenders: number;
  }[];
  /** How many deliveries ended in each way, ever. */
  ended: { acked: number; dead: number; expired: number; purged: number };
  publicationMs: number | null;
  agents: readonly { name: string; state: string; restarts: number }[];
  /** How long the newest start of the swarm took, or has taken so far; null when that is long ago. */
  startMs: number | null;
  logBytes: number;
  /** Whether somebody who reads keeps the log from being copied back. */
  isLogKept: boolean;
  freeBytes: number | undefined;
}

/** What the newest of `looks`, which are in order, says, and how that differs from the others. */
export function readingsOf(
  looks: readonly Look[],
  settings: AlertSettings,
): Map<string, Reading[]> {
  const look = looks.at(-1)!;
  const { inboxes, agents, publicationMs, startMs, logBytes, isLogKept, freeBytes } = look;
  const ofInboxes = (value: (inbox: Look["inboxes"][number]) => number) =>
    inboxes.map((inbox) => ({ subject: inbox.inbox, value: value(inbox) }));
  const ofAgents = (value: (agent: Look["agents"][number]) => number) =>
    agents.map((agent) => ({ subject: agent.name, value: value(agent) }));
  const earlier = lookAt(looks, look.tick - settings.countWindowMs);
  const refusedBefore = new Map(earlier.inboxes.map(({ inbox, refused }) => [inbox, refused]));
  const restartsBefore = new Map(earlier.agents.map(({ name, restarts }) => [name, restarts]));
  // A counter that is less than it was has begun anew.
  const since = (now: number, before = 0) => (now < before ? now : now - before);
  const rates = ratesSince(lookAt(looks, look.tick - settings.rateWindowMs), look, settings);
  return new Map<string, Reading[]>([
    ["inbox.depth", ofInboxes(({ depth }) => depth)],
    ["inbox.utilization", ofInboxes(({ utilization }) => utilization)],
    ["inbox.oldest", ofInboxes(({ oldestMs }) => oldestMs)],
    ["inbox.dead", ofInboxes(({ dead }) => dead)],
    ["inbox.waiting_senders", ofInboxes(({ waitingSenders }) => waitingSenders)],
    [
      "inbox.refused_per_min",
      ofInboxes(({ inbox, refused }) => since(refused, refusedBefore.get(inbox))),
    ],
    ["agent.failed", ofAgents(({ state }) => Number(state === "failed" || state === "dead"))],
    ["agent.suspect", ofAgents(({ state }) => Number(state === "suspect"))],
    [
      "agent.restarts_per_min",
      ofAgents(({ name, restarts }) => since(restarts, restartsBefore.get(name))),
    ],
    ["delivery.rate", [{ subject: "bus", value: rates.delivery }]],
    ["delivery.error_rate", [{ subject: "bus", value: rates.error }]],
    [
      "coordination.time",
      [
        { subject: "swarm", value: startMs ?? 0 },
        { subject: "publications", value: publicationMs ?? 0 },
      ],
    ],
    ["store.log", [{ subject: "bus.db", value: logBytes }]],
    ["store.log_kept", [{ subject: "bus.db", value: isLogKept ? logBytes : 0 }]],
    ["disk.free", [{ subject: "disk", value: freeBytes ?? null }]],
  ]);
}

/** The newest of `looks` that is no younger than `tick`; the oldest one where none is. */
function lookAt(looks: readonly Look[], tick: number): Look {
  return looks.findLast((look) => look.tick <= tick) ?? looks[0]!;
}

// With too few of them a rate says nothing, and what was said of it before is over.
function ratesSince(before: Look, { ended }: Look, { rateCountMin }: AlertSettings) {
  const since = (name: keyof Look["ended"]) => Math.max(0, ended[name] - before.ended[name]);
  const [acked, dead] = [since("acked"), since("dead")];
  const all = acked + dead + since("expired") + since("purged");
  return {
    delivery: all < rateCountMin ? 100 : (acked / all) * 100,
    error: acked + dead < rateCountMin ? 0 : (dead / (acked + dead)) * 100,
  };
}

/** Those of `looks` that the next one is compared with, without what no comparison needs. */
export function keptLooks(looks: readonly Look[], settings: AlertSettings): Look[] {
  const before = looks.at(-1)!.tick - Math.max(settings.countWindowMs, settings.rateWindowMs);
  const first = looks.findLastIndex(({ tick }) => tick <= before);
  const last = looks.at(-1)!;
  // Who is missing has the counter at 0.
  const slim = {
    ...last,
    inboxes: last.inboxes.filter(({ refused }) => refused > 0),
    agents: last.agents.filter(({ restarts }) => restarts > 0),
  };
  return [...looks.slice(Math.max(0, first), -1), slim];
}
