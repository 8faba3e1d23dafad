// `skep trace`: what became of a message.
import {
  type Follower,
  type Step,
  type Trace,
  type TracedDelivery,
  trace,
} from "../../bus/trace.ts";
import { isoTime } from "../../core/clock.ts";
import { formatDuration } from "../../core/durations.ts";
import { clip, printable, textOf } from "../../core/text.ts";
import { columns } from "../columns.ts";
import { defineCommand } from "../command.ts";
import { idOf } from "../id.ts";
import { open } from "../open.ts";

export default defineCommand({
  name: "trace",
  summary: "tell the life of a message",
  args: { id: { type: "positional", description: "the message's id, as send printed it" } },
  async run(context, args) {
    const id = idOf(args.id, "a message");
    const { store } = await open(context);
    const life = await store.read((tx) => trace(tx, id));
    await context.data(context.json ? asJson(life) : asText(life));
  },
});

function asJson({ message, topic, deliveries, followedBy }: Trace): string {
  const { id, from, type, thread, priority } = message;
  const head = {
    id,
    from,
    type,
    topic,
    thread,
    reply_to: message.replyTo,
    priority,
    sent_at: message.sentAt,
    bytes: message.body.length,
  };
  return JSON.stringify({
    ...head,
    deliveries: deliveries.map(({ untilMs: _, expiresInMs: __, ...delivery }) => delivery),
    followed_by: followedBy.map((follower) => follower.id),
  });
}

function asText({ message, topic, deliveries, followedBy }: Trace): string {
  const { id, from, type, thread, priority, sentAt } = message;
  const labels = [
    ...(type === null || type === topic ? [] : [`type ${type}`]),
    ...(thread === null ? [] : [`thread ${thread}`]),
    `priority ${priority}`,
  ];
  const lines = [
    `message ${id} from ${from ?? "nobody in particular"}: ${bodyText(message.body)}`,
    printable(
      `${topic === null ? "sent" : `published on ${topic}`} ${isoTime(sentAt)}, ${labels.join(", ")}`,
    ),
  ];
  for (const delivery of deliveries) {
    lines.push(`delivery ${delivery.id} to ${delivery.inbox}: ${standing(delivery)}`);
    lines.push(
      columns(
        delivery.steps.map((step) => stepCells(step, message)),
        "  ",
      ),
    );
  }
  lines.push(...followedBy.map((follower) => followerText(follower, sentAt)));
  return lines.join("\n");
}

function standing({ state, attempt, untilMs, expiresInMs }: TracedDelivery): string {
  const attempts = `${attempt} ${attempt === 1 ? "attempt" : "attempts"}`;
  return `${state}${untilMs === null ? "" : until(state, untilMs)}, ${attempts}${wanted(expiresInMs)}`;
}

function until(state: string, untilMs: number): string {
  const left = formatDuration(Math.abs(untilMs));
  if (state === "leased") return untilMs > 0 ? ` for ${left} more` : `, ran out ${left} ago`;
  return untilMs > 0 ? `, due in ${left}` : `, due since ${left}`;
}

// It ends when somebody looks, so it may be there for a while after its time.
function wanted(expiresInMs: number | null): string {
  if (expiresInMs === null) return "";
  const left = formatDuration(Math.abs(expiresInMs));
  return expiresInMs > 0 ? `, wanted for ${left} more` : `, not wanted since ${left}`;
}

function stepCells(
  { at, what, holder, epoch, reason }: Step,
  { from, sentAt }: Trace["message"],
): string[] {
  const who = what === "sent" ? from : holder;
  const by = who === null ? "" : ` by ${who}`;
  const lease = epoch === null ? "" : ` (lease ${epoch})`;
  // A move says from where to where, and then why.
  const colon = what === "moved" ? "" : ":";
  const why = reason === null ? "" : `${colon} ${printable(clip(reason, 200))}`;
  return [later(at - sentAt), `${words(what, epoch)}${what === "dead" ? "" : by}${lease}${why}`];
}

// A lease expires, and so does a message; in words the two are not to be confused.
function words(what: Step["what"], epoch: number | null): string {
  if (what === "expired") return epoch === null ? "expired" : "lease ran out, held";
  return what === "died" ? "holder died, held" : what;
}

/** Wall clocks are set back now and then, so a step may well come before the one it follows. */
function later(ms: number): string {
  return `${ms < 0 ? "-" : "+"}${(Math.abs(ms) / 1000).toFixed(3)}s`;
}

function followerText({ id, from, to, type, sentAt, body }: Follower, since: number): string {
  const what = type === "reply" ? "answered" : "followed";
  const by = from === null ? "" : ` from ${from}`;
  return `${what} by message ${id}${by} to ${to ?? "nobody"} at ${later(sentAt - since)}: ${bodyText(body)}`;
}

function bodyText(body: Uint8Array): string {
  const text = textOf(body);
  return text === undefined ? `${body.length} bytes` : printable(JSON.stringify(clip(text, 60)));
}
