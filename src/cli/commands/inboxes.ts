// `skep inboxes`: how every inbox stands.
import { type InboxSummary, listInboxes } from "../../bus/inboxes.ts";
import { formatDuration } from "../../core/durations.ts";
import { columns } from "../columns.ts";
import { defineCommand } from "../command.ts";
import { open } from "../open.ts";

export default defineCommand({
  name: "inboxes",
  summary: "show how every inbox stands",
  notes: [
    "REFUSED counts sends that found it full or came too fast; WAITING are the processes that wait to get",
    "something in; OLDEST is how long its oldest ready message has been there.",
  ],
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
  "REFUSED",
  "WAITING",
  "OLDEST",
];

function row(inbox: InboxSummary): string[] {
  const { ready, delayed, leased, parked, reserved, sent, acked, dead, oldestReadyMs } = inbox;
  const { refused, waitingSenders } = inbox;
  const counts = [ready, delayed, leased, parked, reserved, sent, acked, dead].map(String);
  counts.push(String(refused), String(waitingSenders));
  return [inbox.inbox, ...counts, oldestReadyMs === null ? "-" : formatDuration(oldestReadyMs)];
}

function jsonLine(summary: InboxSummary): string {
  const { movedIn, movedOut, oldestReadyMs, waitingSenders, waitingReceivers, ...others } = summary;
  const { createdAt: _, ...inbox } = others;
  return JSON.stringify({
    ...inbox,
    moved_in: movedIn,
    moved_out: movedOut,
    waiting_senders: waitingSenders,
    waiting_receivers: waitingReceivers,
    oldest_ready_ms: oldestReadyMs,
  });
}
