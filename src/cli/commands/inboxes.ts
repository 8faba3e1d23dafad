// `skep inboxes`: how every inbox stands.
import { type InboxSummary, listInboxes } from "../../bus/inboxes.ts";
import { formatDuration } from "../../core/durations.ts";
import { columns } from "../columns.ts";
import { defineCommand } from "../command.ts";
import { open } from "../open.ts";

export default defineCommand({
  name: "inboxes",
  summary: "show how every inbox stands",
  args: {},
  async run(context) {
    const { store } = await open(context);
    const inboxes = await store.read(listInboxes);
    if (context.json) {
      for (const inbox of inboxes) await context.data(jsonLine(inbox));
      return;
    }
    if (inboxes.length === 0)
      return context.say("no inboxes yet: the first send or recv creates one");
    await context.data(columns([headings, ...inboxes.map(row)]));
  },
});

const headings = [
  "INBOX",
  "READY",
  "DELAYED",
  "LEASED",
  "PARKED",
  "RESERVED",
  "SENT",
  "ACKED",
  "DEAD",
  "OLDEST",
];

function row(inbox: InboxSummary): string[] {
  const { ready, delayed, leased, parked, reserved, sent, acked, dead, oldestReadyMs } = inbox;
  const counts = [ready, delayed, leased, parked, reserved, sent, acked, dead].map(String);
  return [inbox.inbox, ...counts, oldestReadyMs === null ? "-" : formatDuration(oldestReadyMs)];
}

function jsonLine({ movedIn, movedOut, oldestReadyMs, ...inbox }: InboxSummary): string {
  return JSON.stringify({
    ...inbox,
    moved_in: movedIn,
    moved_out: movedOut,
    oldest_ready_ms: oldestReadyMs,
  });
}
