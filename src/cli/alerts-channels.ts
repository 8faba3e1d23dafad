// `skep alerts channels`: where alerts go besides the topic, and how that went.
import { plannedChannels } from "../app/notify.ts";
import { isoTime } from "../core/clock.ts";
import { printable } from "../core/text.ts";
import { type NoticeCount, listNotices } from "../metrics/alerts/notices.ts";
import type { Store } from "../store/store.ts";
import { columns } from "./columns.ts";
import type { Context } from "./context.ts";
import { open } from "./open.ts";

/** Prints each channel that is set, what it uses, and how many alerts it told of. */
export async function printChannels(context: Context): Promise<void> {
  const app = await open(context);
  const counts = await (await app.vitals()).read(listNotices);
  const channels = plannedChannels(app).map(({ name, uses, why }) => {
    const count = counts.find(({ channel }) => channel === name);
    return { name, uses, why, count: count ?? untouched(name) };
  });
  if (context.json) {
    for (const { name, uses, why, count } of channels)
      await context.data(
        JSON.stringify({
          channel: name,
          uses,
          trouble: why,
          sent: count.sent,
          failed: count.failed,
          dropped: count.dropped,
          sent_at: count.sentAt,
          missed_at: count.missedAt,
          error: count.error,
        }),
      );
    return;
  }
  if (channels.length === 0)
    return context.say(
      "alerts go to the topic alerts alone: notify.command, notify.desktop or notify.webhook has people told",
    );
  const rows = channels.map(({ name, uses, why, count }) => [
    name,
    why ?? uses,
    String(count.sent),
    String(count.failed),
    String(count.dropped),
    count.sentAt === null ? "never" : isoTime(count.sentAt),
    count.missedAt === null ? "" : `${isoTime(count.missedAt)} ${count.error}`,
  ]);
  await context.data(columns([headings, ...rows.map((row) => row.map(printable))]));
}

/** Says through which of the channels that are set the last alert did not get. */
export async function sayMissed(context: Context, vitals: Store): Promise<void> {
  const { notify } = await context.settings();
  const isSet = (channel: string) =>
    (channel === "command" && notify.command.length > 0) ||
    (channel === "desktop" && notify.desktop) ||
    (channel === "webhook" && notify.webhook !== "none");
  for (const { channel, sentAt, missedAt, error } of await vitals.read(listNotices))
    if (isSet(channel) && missedAt !== null && missedAt >= (sentAt ?? 0))
      context.say(
        printable(
          `skep: the last alert by ${channel} was not told (${isoTime(missedAt)}): ${error}`,
        ),
      );
}

const headings = ["CHANNEL", "USES", "TOLD", "FAILED", "DROPPED", "LAST TOLD", "LAST NOT TOLD"];

function untouched(channel: string): NoticeCount {
  return { channel, sent: 0, failed: 0, dropped: 0, sentAt: null, missedAt: null, error: null };
}
