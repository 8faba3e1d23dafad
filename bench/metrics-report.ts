// What a report costs over a million points, and over as many deliveries that have ended.
import { createInbox } from "../src/bus/ledger.ts";
import { report } from "../src/metrics/report.ts";
import type { Store } from "../src/store/store.ts";
import type { Bench } from "./bench.ts";
import type { Figure } from "./figure.ts";
import { body, closeBenchBus, monotonicMs, openBenchBus, withHome } from "./home.ts";
import { fillPoints, numbers, openVitals } from "./vitals.ts";

const hourMs = 3_600_000;

export const metricsReport: Bench = {
  name: "metrics-report",
  summary: "a report of an hour with 10⁶ points of 50 series, and of one with 10⁶ acked deliveries",
  async run({ rounds, small, say }) {
    const count = small ? 1_000 : 1_000_000;
    return await withHome(async (pointsHome) =>
      withHome(async (deliveriesHome) => {
        say("filling the tables");
        const busy = await openBenchBus(deliveriesHome);
        await fillHistory(busy.store, count);
        const quiet = await openBenchBus(pointsHome);
        const measured = await openVitals(pointsHome);
        await fillPoints(measured, count);
        for (const store of [measured, busy.store]) await store.checkpoint();
        const empty = await openVitals(deliveriesHome);
        const question = {
          sinceMs: hourMs,
          by: "name",
          slowestMax: 10,
          broadcastsMax: 5,
          alertsMax: 100,
        } as const;
        const ofPoints = figure("over points");
        const ofDeliveries = figure("over deliveries");
        for (let round = 0; round <= rounds; round++) {
          say(round === 0 ? "once ahead" : `round ${round} of ${rounds}`);
          const points = await took(() =>
            report({ store: quiet.store, vitals: async () => measured }, question),
          );
          const deliveries = await took(() =>
            report({ store: busy.store, vitals: async () => empty }, question),
          );
          // Statements are prepared and code is compiled before anything is measured.
          if (round === 0) continue;
          ofPoints.ours.push(points);
          ofDeliveries.ours.push(deliveries);
        }
        for (const store of [measured, empty]) await store.close();
        for (const bus of [quiet, busy]) await closeBenchBus(bus);
        return [{ ...ofPoints, target: { of: "value", limit: 300 } }, ofDeliveries];
      }),
    );
  },
};

function figure(name: string): Figure {
  return { name, unit: "ms", wanted: "less", ours: [] };
}

async function took(work: () => Promise<unknown>): Promise<number> {
  const start = monotonicMs();
  await work();
  return monotonicMs() - start;
}

async function fillHistory(store: Store, count: number): Promise<void> {
  const inbox = "busy";
  await store.write((tx) => createInbox(tx, inbox));
  await store.write(async (tx) => {
    const given = { count, now: tx.now };
    await tx.run(
      `${numbers} insert into messages (id, priority, sent_at, body)
       select n + 1, 4, $now - ${hourMs} / 2 + n * ${hourMs / 2} / $count, $body from numbers`,
      { ...given, body },
    );
    await tx.run(
      `insert into history
         (delivery_id, message_id, inbox, outcome, attempt, epoch, nonce, holder, claimed_at, ended_at)
       select id, id, $inbox, 'acked', 1, 1, 4711, 'somebody', sent_at + id % 300, sent_at + id % 1000
         from messages`,
      { inbox },
    );
    await tx.run("update ledger set sent = $count, acked = $count where inbox = $inbox", {
      count,
      inbox,
    });
  });
}
