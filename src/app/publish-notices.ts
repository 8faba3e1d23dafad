// Publish notices: alerts on their topic, for everybody who is subscribed to it.
import type { Bus } from "../bus/bus.ts";
import { hasSubscribers } from "../bus/fan-out.ts";
import { publishTx } from "../bus/publish.ts";
import { alertsTopic } from "../core/names.ts";
import { bytesOf } from "../core/text.ts";
import { type Notice, jsonOf } from "../notify/notice.ts";

/** Publishes `notices`, all of them or none: how often one came into an inbox. E_BODY for one that does not fit. */
export async function publishNotices(bus: Bus, notices: readonly Notice[]): Promise<number> {
  return await bus.store.write(async (tx) => {
    let deliveries = 0;
    // Mostly nobody listens.
    if (!(await hasSubscribers(tx, alertsTopic))) return deliveries;
    for (const notice of notices) {
      const type = `alert.${notice.state}`;
      const publication = { topic: alertsTopic, type, body: bodyOf(notice) };
      const published = await publishTx(tx, bus.settings, publication, {
        from: null,
        skipFull: true,
      });
      deliveries += published.deliveries;
    }
    return deliveries;
  });
}

/** Whether `notice` is no longer than a body may be. */
export function fits({ settings }: Bus, notice: Notice): boolean {
  return bodyOf(notice).length <= settings.bodyBytesMax;
}

const bodyOf = (notice: Notice) => bytesOf(jsonOf(notice));
