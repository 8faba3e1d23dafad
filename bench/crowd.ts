// Everybody is sent something at once, and each acks it: the whole crowd wants the write lock.
import type { Bench } from "./bench.ts";
import type { Figure } from "./figure.ts";
import { type Report, withCrowd } from "./waiters.ts";

const burst = 20;

const sizes = [
  { count: 100, broadcastMs: 150, perSecond: 9_000 },
  { count: 500, broadcastMs: 900, perSecond: 7_000 },
  { count: 708, broadcastMs: 1_400, perSecond: 5_500 },
];

export const crowd: Bench = {
  name: "crowd",
  summary: `a broadcast to 100, 500 and 708 waiting processes, then ${burst} messages to each, from the first send to the last ack`,
  async run({ rounds, small, say }) {
    const figures: Figure[] = [];
    for (const { count, broadcastMs, perSecond } of sizes) {
      const processes = small ? Math.ceil(count / 100) : count;
      say(`starting ${processes} processes`);
      const broadcasts: number[] = [];
      const bursts: number[] = [];
      const turns: number[] = [];
      const errors: number[] = [];
      await withCrowd(processes, async ({ inboxes, send, settled }) => {
        await settled();
        for (let round = 1; round <= rounds; round++) {
          say(`${processes} processes, round ${round} of ${rounds}`);
          const broadcastAt = await send(inboxes);
          const once = await settled();
          broadcasts.push(lastAckMs(once) - broadcastAt);
          const everyone = inboxes.flatMap((inbox) => Array.from({ length: burst }, () => inbox));
          const burstAt = await send(everyone);
          const often = await settled();
          bursts.push((everyone.length / (lastAckMs(often) - burstAt)) * 1000);
          const inTurn = Array.from({ length: burst }, () => inboxes).flat();
          const turnAt = await send(inTurn);
          const byTurns = await settled();
          turns.push((inTurn.length / (lastAckMs(byTurns) - turnAt)) * 1000);
          errors.push([...once, ...often, ...byTurns].flatMap((report) => report.errors).length);
        }
      });
      figures.push(
        {
          name: `${count} processes, broadcast`,
          unit: "ms",
          wanted: "less",
          ours: broadcasts,
          target: { of: "value", limit: broadcastMs },
        },
        {
          name: `${count} processes, ${burst} each`,
          unit: "msg/s",
          wanted: "more",
          ours: bursts,
          target: { of: "value", limit: perSecond },
        },
        {
          name: `${count} processes, one each, ${burst} times over`,
          unit: "msg/s",
          wanted: "more",
          ours: turns,
        },
        {
          name: `${count} processes, errors`,
          unit: "errors",
          wanted: "less",
          ours: errors,
          target: { of: "value", limit: 0 },
        },
      );
    }
    return figures;
  },
};

function lastAckMs(reports: readonly Report[]): number {
  return Math.max(...reports.map((report) => report.lastAckMs));
}
