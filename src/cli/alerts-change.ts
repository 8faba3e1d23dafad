// `skep alerts ack`, `silence` and `test`: who sees to it, and who is told.
import { openShelter } from "../agents/strays.ts";
import { allRules } from "../app/alert-rules.ts";
import { testNotice } from "../app/alerts.ts";
import { tryChannels } from "../app/notify.ts";
import { publishNotices } from "../app/publish-notices.ts";
import { isoTime } from "../core/clock.ts";
import { formatDuration } from "../core/durations.ts";
import { SkepError } from "../core/errors.ts";
import { didYouMean } from "../core/names.ts";
import { ackAlert, endSilence, listSilences, silence } from "../metrics/alerts/record.ts";
import type { Context } from "./context.ts";
import { columns } from "./columns.ts";
import { idOf } from "./id.ts";
import { open } from "./open.ts";

const silenceMinMs = 1_000;
const silenceMaxMs = 365 * 24 * 3_600_000;

/** Notes that somebody sees to it. */
export async function ack(context: Context, word: string | undefined): Promise<void> {
  if (word === undefined)
    throw new SkepError("E_USAGE", "which alert?", { hint: "skep alerts lists them: ack ID." });
  const id = idOf(word, "an alert");
  const { vitals } = await open(context);
  const store = await vitals();
  await store.write((tx) => ackAlert(tx, id, context.as ?? null));
  await context.data(JSON.stringify({ id, acked: true }), `alert ${id} is acked`);
}

/** Has nobody told for a while. */
export async function silenceFor(
  context: Context,
  {
    rule,
    subject,
    forMs,
  }: { rule: string | undefined; subject: string | undefined; forMs: number },
): Promise<void> {
  if (rule === undefined && subject === undefined)
    throw new SkepError("E_USAGE", "silent about what?", {
      hint: "Write --rule RULE, --subject NAME, or both.",
    });
  const names = allRules(await context.settings()).map(({ name }) => name);
  if (rule !== undefined && !names.includes(rule))
    throw new SkepError("E_NOT_FOUND", `there is no rule ${JSON.stringify(rule.slice(0, 80))}`, {
      hint: didYouMean(rule, names) ?? "skep alerts rules lists them.",
    });
  if (subject !== undefined && !/^[\x20-\x7e]{1,200}$/.test(subject))
    throw new SkepError("E_USAGE", "a subject is a line of up to 200 characters");
  if (forMs < silenceMinMs || forMs > silenceMaxMs)
    throw new SkepError("E_USAGE", `a silence of ${formatDuration(forMs)} is none`, {
      hint: "It lasts between 1s and 365d: --for 2h.",
    });
  const { vitals } = await open(context);
  const store = await vitals();
  const made = { rule: rule ?? null, subject: subject ?? null, forMs, by: context.as ?? null };
  const { id, until } = await store.write((tx) => silence(tx, made));
  const line = { id, rule: made.rule, subject: made.subject, until: isoTime(until) };
  await context.data(JSON.stringify(line), `silence ${id} holds`);
}

/** Prints the silences that hold. */
export async function printSilences(context: Context): Promise<void> {
  const { vitals } = await open(context);
  const silences = await (await vitals()).read(listSilences);
  if (context.json)
    for (const { untilAt, madeBy, ...one } of silences)
      await context.data(JSON.stringify({ ...one, until: isoTime(untilAt), made_by: madeBy }));
  else if (silences.length === 0) context.say("no silence holds");
  else
    await context.data(
      columns([
        ["ID", "RULE", "SUBJECT", "UNTIL", "BY"],
        ...silences.map(({ id, rule, subject, untilAt, madeBy }) => [
          String(id),
          rule ?? "-",
          subject ?? "-",
          isoTime(untilAt),
          madeBy ?? "-",
        ]),
      ]),
    );
}

/** Ends a silence before its time. */
export async function unsilence(context: Context, word: string | undefined): Promise<void> {
  if (word === undefined)
    throw new SkepError("E_USAGE", "which silence?", {
      hint: "skep alerts silences lists them: unsilence ID.",
    });
  const id = idOf(word, "a silence");
  const { vitals } = await open(context);
  await (await vitals()).write((tx) => endSilence(tx, id));
  await context.data(JSON.stringify({ id, ended: true }), `silence ${id} is over`);
}

/** Sends an alert that says that it is none through every channel, and says what came of it. E_FAILED when one of them did not tell. */
export async function tryOut(context: Context): Promise<void> {
  const app = await open(context);
  const notice = testNotice(app.clock.now());
  const deliveries = await publishNotices(app.bus, [notice]);
  await context.data(JSON.stringify({ channel: "topic alerts", deliveries }));
  if (deliveries === 0)
    context.say("nobody is subscribed to the topic alerts: skep subscribe alerts INBOX");
  const trials = await tryChannels(app, openShelter(), notice, context.signal);
  for (const { channel, uses, why } of trials)
    await context.data(JSON.stringify({ channel, uses, told: why === null, error: why }));
  const failed = trials.filter(({ why }) => why !== null);
  if (failed.length > 0)
    throw new SkepError("E_FAILED", `alerts are not told by ${listed(failed)}`, {
      hint: "The line of each says why; skep config check looks at the settings.",
    });
}

function listed(trials: readonly { channel: string }[]): string {
  const names = trials.map(({ channel }) => channel);
  return names.join(", ").replace(/, ([^,]*)$/, " and $1");
}
