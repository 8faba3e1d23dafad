// What is exported to Prometheus, taken together from the parts that know of it.
import { version } from "../../package.json" with { type: "json" };
import { findHold } from "../agents/hold.ts";
import type { Agent } from "../agents/registry.ts";
import { type App, type LastRun, freeBytes } from "../app.ts";
import { longestPublicationMs } from "../bus/conditions.ts";
import { listInboxes } from "../bus/inboxes.ts";
import { listLimits } from "../bus/limits.ts";
import { newestDelivery } from "../bus/loss.ts";
import { sleep } from "../core/clock.ts";
import { isSkepError } from "../core/errors.ts";
import type { Snapshot } from "../export/prometheus.ts";
import { type Alert, listAlerts } from "../metrics/alerts/record.ts";
import { reportDeliveries } from "../metrics/deliveries.ts";
import { type LatestPoints, latestMs, latestPoints } from "../metrics/latest.ts";

// The history may have a million rows, and whoever is asked every few seconds looks at few of them.
const deliveriesMax = 20_000;

/** How everything stands now, all inboxes at one moment. Without what was measured where that cannot be read. */
export async function readSnapshot(app: App): Promise<Snapshot> {
  const { store, settings } = app;
  const figures = await store.read(async (tx) => {
    const limits = (await listLimits(tx, settings.bus)).filter((one) => one.of === "inbox");
    const caps = new Map(limits.map(({ name, cap }) => [name, cap]));
    const hold = await findHold(tx, app.clock.boot);
    return { caps, hold, inboxes: await listInboxes(tx) };
  });
  // Whoever reads is a supervisor most often, and has more to do: between two reads others have their turn.
  await sleep(0);
  const recent = await store.read(async (tx) => {
    const window = { since: tx.now - latestMs, until: tx.now };
    const after = (await newestDelivery(tx)) - deliveriesMax;
    const { ends, figures: durations } = await reportDeliveries(tx, window, "name", 0, after);
    const publicationMs = await longestPublicationMs(tx, latestMs);
    return { ends: ends[0], durations, publicationMs };
  });
  await sleep(0);
  const usualCap = settings.bus.inboxCap;
  const [lasting, temporary] = [
    figures.inboxes.filter((one) => !one.temporary),
    figures.inboxes.filter((one) => one.temporary),
  ];
  const run = await app.lastRun();
  const agents = await app.agents();
  const log = await store.log();
  const readable = await readVitals(app);
  return {
    version,
    inboxes: lasting.map((one) => ({ ...one, cap: figures.caps.get(one.inbox) ?? usualCap })),
    requests: temporary.length,
    agents,
    heldTo: figures.hold?.level ?? null,
    run: run ?? null,
    supervised: run?.alive ?? false,
    walBytes: log.bytes,
    keptLogBytes: log.reader === undefined ? 0 : log.bytes,
    coordination: {
      swarm: startingMs(app, run, agents) ?? readable.latest?.startMs ?? 0,
      publications: recent.publicationMs ?? 0,
    },
    ends: recent.ends,
    durations: recent.durations,
    freeBytes: freeBytes(app.home),
    ...readable,
  };
}

/** How long a swarm has been starting by now; undefined when every agent of it has run already. */
function startingMs(
  { clock }: App,
  run: LastRun | undefined,
  agents: readonly Agent[],
): number | undefined {
  const starts = agents.some(({ state, restarts }) => state === "starting" && restarts === 0);
  return run?.alive && starts ? Math.max(0, clock.now() - run.startedAt) : undefined;
}

/** What was measured and which alerts fire; null where it cannot be read. */
async function readVitals({
  vitals,
}: App): Promise<{ latest: LatestPoints | null; alerts: Alert[] | null }> {
  try {
    const store = await vitals();
    const alerts = await store.read(listAlerts);
    return {
      latest: await latestPoints(store),
      alerts: alerts.filter(({ state }) => state === "firing"),
    };
  } catch (error) {
    if (!isSkepError(error)) throw error;
    return { latest: null, alerts: null };
  }
}
