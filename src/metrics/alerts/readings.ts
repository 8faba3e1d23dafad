// Readings: from looks at a swarm, the newest and those of a while ago, to the values that rules are held against. Pure.
import type { Reading } from "./decide.ts";
import type { AlertSettings } from "./rules.ts";

/** What of a look later ones are compared with: how often what has happened. Who is missing counts none. */
export interface Counts {
  tick: number;
  inboxes: readonly { inbox: string; refused: number }[];
  /** How many deliveries ended in each way, ever. */
  ended: { acked: number; dead: number; expired: number; purged: number };
  /** Restarts since whoever looks began. */
  agents: readonly { name: string; restarts: number }[];
}

/** One look at everything but processes. */
export interface Look extends Counts {
  inboxes: readonly {
    inbox: string;
    depth: number;
    utilization: number;
    oldestMs: number;
    dead: number;
    refused: number;
    waitingSenders: number;
  }[];
  publicationMs: number | null;
  agents: readonly { name: string; state: string; restarts: number }[];
  /** How long the newest start of the swarm took, or has taken so far; null when that is long ago. */
  startMs: number | null;
  logBytes: number;
  /** Whether somebody who reads keeps the log from being copied back. */
  isLogKept: boolean;
  freeBytes: number | undefined;
}

/** After a longer pause between two looks nobody knows when it was that something happened, or for how long. */
export const pauseMaxMs = 30_000;

/** What `look` says, and how that differs from what was `before`, which is in order and has one at least. */
export function readingsOf(
  look: Look,
  before: readonly Counts[],
  settings: AlertSettings,
): Map<string, Reading[]> {
  const { inboxes, agents, publicationMs, startMs, logBytes, isLogKept, freeBytes } = look;
  const ofInboxes = (value: (inbox: Look["inboxes"][number]) => number) =>
    inboxes.map((inbox) => ({ subject: inbox.inbox, value: value(inbox) }));
  const ofAgents = (value: (agent: Look["agents"][number]) => number) =>
    agents.map((agent) => ({ subject: agent.name, value: value(agent) }));
  const ofLate = before.slice(indexAt(before, look.tick - settings.countWindowMs));
  const late = [...ofLate, look];
  const refused = countedIn(late, settings, ({ inboxes: all }) =>
    all.map((one) => [one.inbox, one.refused]),
  );
  const restarts = countedIn(late, settings, ({ agents: all }) =>
    all.map((one) => [one.name, one.restarts]),
  );
  const rates = ratesSince(
    before[indexAt(before, look.tick - settings.rateWindowMs)]!,
    look,
    settings,
  );
  return new Map<string, Reading[]>([
    ["inbox.depth", ofInboxes(({ depth }) => depth)],
    ["inbox.utilization", ofInboxes(({ utilization }) => utilization)],
    ["inbox.oldest", ofInboxes(({ oldestMs }) => oldestMs)],
    ["inbox.dead", ofInboxes(({ dead }) => dead)],
    ["inbox.waiting_senders", ofInboxes(({ waitingSenders }) => waitingSenders)],
    ["inbox.refused_per_min", ofInboxes(({ inbox }) => refused.get(inbox) ?? 0)],
    ["agent.failed", ofAgents(({ state }) => Number(state === "failed" || state === "dead"))],
    ["agent.suspect", ofAgents(({ state }) => Number(state === "suspect"))],
    ["agent.restarts_per_min", ofAgents(({ name }) => restarts.get(name) ?? 0)],
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

/** Where the newest of `counts` is that is no younger than `tick`; the first one where none is. */
function indexAt(counts: readonly Counts[], tick: number): number {
  return Math.max(
    0,
    counts.findLastIndex((one) => one.tick <= tick),
  );
}

// A counter that is less than it was has begun anew.
function since(now: number, before = 0): number {
  return now < before ? now : now - before;
}

/**
 * How much each counter that `of` finds has counted from the first of `counts` to the last; not all of them were taken by the same
 * process. Of what came while nobody looked for long so much counts as falls to one window.
 */
function countedIn(
  counts: readonly Counts[],
  { countWindowMs }: AlertSettings,
  of: (counts: Counts) => [string, number][],
): Map<string, number> {
  const sums = new Map<string, number>();
  let before: { tick: number; counters: Map<string, number> } | undefined;
  for (const one of counts) {
    const counters = new Map(of(one));
    if (before !== undefined) {
      const passedMs = one.tick - before.tick;
      const share = passedMs > pauseMaxMs ? Math.min(1, countWindowMs / passedMs) : 1;
      for (const [name, value] of counters)
        sums.set(name, (sums.get(name) ?? 0) + share * since(value, before.counters.get(name)));
    }
    before = { tick: one.tick, counters };
  }
  return sums;
}

// With too few of them a rate says nothing, and what was said of it before is over.
function ratesSince(before: Counts, { ended }: Look, { rateCountMin }: AlertSettings) {
  const since = (name: keyof Look["ended"]) => Math.max(0, ended[name] - before.ended[name]);
  const [acked, dead] = [since("acked"), since("dead")];
  const all = acked + dead + since("expired") + since("purged");
  return {
    delivery: all < rateCountMin ? 100 : (acked / all) * 100,
    error: acked + dead < rateCountMin ? 0 : (dead / (acked + dead)) * 100,
  };
}

/** What the first look of somebody is compared with who counts restarts from `tick` on: what was noted `earlier`, or the look itself. */
export function beginning(earlier: readonly Counts[], look: Look, tick: number): Counts[] {
  return [...earlier, { ...(earlier.at(-1) ?? countsOf(look)), tick, agents: [] }];
}

/** What the next look is compared with: those of `before` that it needs, and `look`. */
export function keptCounts(
  before: readonly Counts[],
  look: Look,
  { countWindowMs, rateWindowMs }: AlertSettings,
): Counts[] {
  const first = indexAt(before, look.tick - Math.max(countWindowMs, rateWindowMs));
  return [...before.slice(first), countsOf(look)];
}

function countsOf({ tick, ended, inboxes, agents }: Look): Counts {
  return {
    tick,
    ended,
    inboxes: inboxes.flatMap(({ inbox, refused }) => (refused > 0 ? [{ inbox, refused }] : [])),
    agents: agents.flatMap(({ name, restarts }) => (restarts > 0 ? [{ name, restarts }] : [])),
  };
}
