// `skep trace`: what became of a message.
import { type Step, type Trace, trace } from "../../bus/trace.ts";
import { isoTime } from "../../core/clock.ts";
import { SkepError } from "../../core/errors.ts";
import { clip, printable, textOf } from "../../core/text.ts";
import { defineCommand } from "../command.ts";
import { open } from "../open.ts";

export default defineCommand({
  name: "trace",
  summary: "tell the life of a message",
  args: { id: { type: "positional", description: "the message's id, as send printed it" } },
  async run(context, args) {
    const id = /^\d{1,15}$/.test(args.id) ? Number(args.id) : 0;
    if (id < 1)
      throw new SkepError("E_USAGE", `${JSON.stringify(args.id)} is not the id of a message`);
    const { store } = await open(context);
    const life = await store.read((tx) => trace(tx, id));
    await context.data(context.json ? asJson(life) : asText(life));
  },
});

function asJson({ message, deliveries, followedBy }: Trace): string {
  const { id, from, type, thread, priority } = message;
  const head = {
    id,
    from,
    type,
    thread,
    reply_to: message.replyTo,
    priority,
    sent_at: message.sentAt,
    bytes: message.body.length,
  };
  return JSON.stringify({ ...head, deliveries, followed_by: followedBy });
}

function asText({ message, deliveries, followedBy }: Trace): string {
  const body = textOf(message.body);
  const shown =
    body === undefined ? `${message.body.length} bytes` : JSON.stringify(clip(body, 60));
  const lines = [
    `message ${message.id} from ${message.from ?? "nobody in particular"}: ${printable(shown)}`,
  ];
  for (const { inbox, state, attempt, steps } of deliveries) {
    lines.push(`to ${inbox}: ${state}, ${attempt} ${attempt === 1 ? "attempt" : "attempts"}`);
    lines.push(...steps.map((step) => `  ${stepText(step, message.sentAt)}`));
  }
  if (followedBy.length > 0) lines.push(`followed by ${followedBy.join(", ")}`);
  return lines.join("\n");
}

function stepText({ at, what, holder, epoch, reason }: Step, sentAt: number): string {
  const when = what === "sent" ? isoTime(at) : `+${((at - sentAt) / 1000).toFixed(3)}s`.padEnd(24);
  const by = holder === null ? "" : ` by ${holder}`;
  const lease = epoch === null ? "" : ` (lease ${epoch})`;
  return `${when}  ${what}${by}${lease}${reason === null ? "" : `: ${printable(reason)}`}`;
}
