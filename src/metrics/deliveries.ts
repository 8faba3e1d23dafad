// Deliveries: how long those took that ended in a window, from the bus's own history. Nothing here is sampled.
import type { ReadTx } from "../store/store.ts";
import { type Broadcast, readBroadcasts } from "./broadcasts.ts";
import {
  type Figures,
  type Values,
  type Window,
  addOne,
  figuresOf,
  noValues,
  partOf,
} from "./figures.ts";

/** What figures are told apart by. */
export const groupings = ["name", "agent", "type", "inbox"] as const;
export type Grouping = (typeof groupings)[number];

/** How those ended that have the same agent, type or inbox; all of them when it is null. */
export interface Ends {
  group: string | null;
  acked: number;
  dead: number;
  expired: number;
  purged: number;
  /** How many took more than one attempt. */
  retried: number;
  /** How many of those that ended were acked, in percent. */
  deliveryRate: number;
  ackedPerS: number;
}

export interface Slow {
  delivery: number;
  message: number;
  inbox: string;
  holder: string | null;
  type: string | null;
  totalMs: number;
  waitedMs: number;
  workedMs: number;
  sentAt: number;
}

/** What one metric came to, for whom. */
export interface Reported extends Figures {
  name: string;
  unit: string;
  group: string | null;
}

export interface DeliveryReport {
  ends: Ends[];
  /** Of deliveries, and of broadcasts that were over in the window; nobody holds one of those, and they have no inbox. */
  figures: Reported[];
  broadcasts: Broadcast[];
  slowest: Slow[];
}

interface Row {
  delivery: number;
  message: number;
  deliveries: number;
  outcome: "acked" | "dead" | "expired" | "purged";
  attempt: number;
  sentAt: number;
  claimedAt: number | null;
  endedAt: number;
  grp: string | null;
}

const groupColumns = { name: "null", agent: "holder", type: "type", inbox: "inbox" } as const;

/** What became of the deliveries that ended in `window`, with the `slowestMax` that took longest; only of those that came after the delivery `after`. */
export async function reportDeliveries(
  tx: ReadTx,
  window: Window,
  by: Grouping,
  slowestMax: number,
  after = 0,
): Promise<DeliveryReport> {
  const rows = await tx.all<Row>(
    `select delivery, message, deliveries, outcome, attempt, sent_at as sentAt, claimed_at as claimedAt,
            ended_at as endedAt, ${groupColumns[by]} as grp
       from times where delivery > $after and ended_at > $since and ended_at <= $until`,
    { since: window.since, until: window.until, after },
  );
  const groups = new Map<string | null, Group>();
  const slowest = keepSlowest(slowestMax);
  const several = new Set<number>();
  for (const row of rows) {
    if (row.deliveries > 1) several.add(row.message);
    const group = groups.get(row.grp) ?? newGroup();
    groups.set(row.grp, group);
    group[row.outcome]++;
    if (row.attempt > 1) group.retried++;
    if (row.outcome !== "acked") continue;
    const { sentAt, endedAt } = row;
    const claimedAt = row.claimedAt ?? sentAt;
    const part = partOf(window, endedAt);
    // A wall clock that was set back lets nothing end before it began.
    addOne(group.total, Math.max(0, endedAt - sentAt), part);
    addOne(group.waited, Math.max(0, claimedAt - sentAt), part);
    addOne(group.worked, Math.max(0, endedAt - claimedAt), part);
    slowest.see(row.delivery, endedAt - sentAt);
  }
  const sorted = [...groups].sort(([a], [b]) => ((a ?? "") < (b ?? "") ? -1 : 1));
  const broadcasts = await readBroadcasts(tx, several);
  return {
    ends: sorted.map(([group, counts]) => endsOf(group, counts, window)),
    figures: [...figuresOfGroups(sorted, window), ...figuresOfBroadcasts(broadcasts, window, by)],
    broadcasts,
    slowest: await findSlow(tx, slowest.ids()),
  };
}

const parts = ["total", "waited", "worked"] as const;

type Group = Record<"acked" | "dead" | "expired" | "purged" | "retried", number> &
  Record<(typeof parts)[number], Values>;

function newGroup(): Group {
  const counts = { acked: 0, dead: 0, expired: 0, purged: 0, retried: 0 };
  return { ...counts, total: noValues(), waited: noValues(), worked: noValues() };
}

function endsOf(group: string | null, counts: Group, { since, until }: Window): Ends {
  const { acked, dead, expired, purged, retried } = counts;
  const deliveryRate = (acked / (acked + dead + expired + purged)) * 100;
  const ackedPerS = acked / ((until - since) / 1_000);
  return { group, acked, dead, expired, purged, retried, deliveryRate, ackedPerS };
}

function figuresOfGroups(groups: readonly [string | null, Group][], window: Window): Reported[] {
  return parts.flatMap((part) =>
    groups
      .filter(([, { acked }]) => acked > 0)
      .map(([group, values]) => ({
        name: `delivery.${part}`,
        unit: "ms",
        group,
        ...figuresOf(values[part], window),
      })),
  );
}

function figuresOfBroadcasts(all: readonly Broadcast[], window: Window, by: Grouping): Reported[] {
  if (by === "agent" || by === "inbox") return [];
  const groups = new Map<string | null, Values>();
  for (const { type, totalMs, endedAt } of all) {
    if (totalMs === null || endedAt === null || endedAt <= window.since) continue;
    const group = by === "type" ? type : null;
    const values = groups.get(group) ?? noValues();
    groups.set(group, values);
    addOne(values, totalMs, partOf(window, endedAt));
  }
  const named = { name: "broadcast.total", unit: "ms" };
  return [...groups]
    .sort(([a], [b]) => ((a ?? "") < (b ?? "") ? -1 : 1))
    .map(([group, values]) => ({ ...named, group, ...figuresOf(values, window) }));
}

/** The largest few of all that are seen. */
function keepSlowest(max: number) {
  let kept: { id: number; ms: number }[] = [];
  let leastMs = Number.NEGATIVE_INFINITY;
  return {
    see(id: number, ms: number): void {
      if (ms <= leastMs || max === 0) return;
      kept.push({ id, ms });
      if (kept.length <= max) return;
      kept = kept.sort((a, b) => b.ms - a.ms).slice(0, max);
      leastMs = kept.at(-1)!.ms;
    },
    ids: () => kept.map(({ id }) => id),
  };
}

async function findSlow(tx: ReadTx, ids: readonly number[]): Promise<Slow[]> {
  if (ids.length === 0) return [];
  return await tx.all<Slow>(
    // As in the figures: a wall clock that was set back lets nothing end before it began.
    `select delivery, message, inbox, holder, type, max(0, ended_at - sent_at) as totalMs,
            max(0, claimed_at - sent_at) as waitedMs, max(0, ended_at - claimed_at) as workedMs, sent_at as sentAt
       from times where delivery in (select value from json_each($ids))
      order by ended_at - sent_at desc, delivery`,
    { ids: JSON.stringify(ids) },
  );
}
