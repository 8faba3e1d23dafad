// Report: how a swarm does and where it is slow, in one answer.
import { isSkepError } from "../core/errors.ts";
import type { SkepError } from "../core/errors.ts";
import type { ReadTx, Store } from "../store/store.ts";
import { type Alert, listAlertsSince } from "./alerts/record.ts";
import type { Broadcast } from "./broadcasts.ts";
import {
  type Ends,
  type Grouping,
  type Reported,
  type Slow,
  reportDeliveries,
} from "./deliveries.ts";
import type { Window } from "./figures.ts";
import { relativeError } from "./histogram.ts";
import { type MeasuredReport, reportMeasured } from "./measured.ts";

/** How all inboxes stand now. */
export interface Standing {
  ready: number;
  delayed: number;
  leased: number;
  parked: number;
  /** How long the oldest ready delivery has been there, to the second; null when none is. */
  oldestMs: number | null;
}

export interface Report extends Window {
  ends: Ends[];
  standing: Standing;
  /** Of deliveries and, by name, of all that was measured. */
  figures: Reported[];
  slowest: Slow[];
  /** The newest few that went to several at once. */
  broadcasts: Broadcast[];
  source: MeasuredReport["source"];
  /** How far a percentile of what was measured may be off, as a share of it; 0 when it is exact. */
  error: number;
  /** What is wrong, and what was in that time. */
  alerts: Alert[];
  /** Why nothing that was measured is there, and no alert, when it cannot be read. */
  fault: SkepError | null;
}

export interface Question {
  sinceMs: number;
  by: Grouping;
  slowestMax: number;
  broadcastsMax: number;
  alertsMax: number;
}

/** What happened in the last `sinceMs`. Deliveries are told of even when `vitals` cannot be read. */
export async function report(
  { store, vitals }: { store: Store; vitals(): Promise<Store> },
  { sinceMs, by, slowestMax, broadcastsMax, alertsMax }: Question,
): Promise<Report> {
  const { window, standing, ...deliveries } = await store.read(async (tx) => {
    const ours = { since: tx.now - Math.max(1, sinceMs), until: tx.now };
    return {
      window: ours,
      standing: await readStanding(tx),
      ...(await reportDeliveries(tx, ours, by, slowestMax)),
    };
  });
  let measured: MeasuredReport = { source: "points", figures: [] };
  let alerts: Alert[] = [];
  let fault: SkepError | null = null;
  try {
    await (
      await vitals()
    ).read(async (tx) => {
      measured = await reportMeasured(tx, window, by);
      alerts = await listAlertsSince(tx, window.since, alertsMax);
    });
  } catch (error) {
    if (!isSkepError(error)) throw error;
    fault = error;
  }
  const { source } = measured;
  return {
    ...window,
    ends: deliveries.ends,
    standing,
    figures: [...deliveries.figures, ...measured.figures],
    slowest: deliveries.slowest,
    broadcasts: deliveries.broadcasts.slice(0, broadcastsMax),
    source,
    error: source === "points" ? 0 : relativeError,
    alerts,
    fault,
  };
}

async function readStanding(tx: ReadTx): Promise<Standing> {
  const row = await tx.get<Omit<Standing, "oldestMs"> & { oldestS: string | null }>(
    `select coalesce(sum(ready), 0) as ready, coalesce(sum(delayed), 0) as delayed,
            coalesce(sum(leased), 0) as leased, coalesce(sum(parked), 0) as parked,
            strftime('%s', min(oldest_ready_utc)) as oldestS
       from inboxes`,
  );
  const { oldestS, ...counts } = row!;
  const oldestMs = oldestS === null ? null : Math.max(0, tx.now - Number(oldestS) * 1_000);
  return { ...counts, oldestMs };
}
