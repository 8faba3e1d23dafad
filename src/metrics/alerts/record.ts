// The tables alerts and silences of vitals.db: what fires and fired, and of what nobody is to be told.
import { SkepError } from "../../core/errors.ts";
import type { ReadTx, WriteTx } from "../../store/store.ts";
import { type Known, type Transition, keyOf } from "./decide.ts";

/** An alert as people see it. */
export interface Alert {
  id: number;
  rule: string;
  subject: string;
  severity: string;
  state: "firing" | "resolved";
  /** When it fired. */
  value: number;
  threshold: number;
  unit: string;
  about: string;
  firedAt: number;
  resolvedAt: number | null;
  silenced: boolean;
  ackedAt: number | null;
  ackedBy: string | null;
}

export interface Silence {
  id: number;
  rule: string | null;
  subject: string | null;
  untilAt: number;
  madeBy: string | null;
}

/** A transition, and whether anybody is told of it. */
export interface Told extends Transition {
  silenced: boolean;
}

const columns = `id, rule, subject, severity, state, value, threshold, unit, about, fired_at as firedAt,
  resolved_at as resolvedAt, silenced, acked_at as ackedAt, acked_by as ackedBy`;

/** What fires, the worst and newest first; with `last` also so many of those that are over. */
export async function listAlerts(tx: ReadTx, last = 0): Promise<Alert[]> {
  return await selectAlerts(
    tx,
    `state = 'firing'
        or id in (select id from alerts where state = 'resolved' order by id desc limit $last)`,
    { last, max: -1 },
  );
}

/** What fires and what was over since `since`, the worst and newest first; `max` of them at most. */
export async function listAlertsSince(tx: ReadTx, since: number, max: number): Promise<Alert[]> {
  return await selectAlerts(tx, "state = 'firing' or resolved_at >= $since", { since, max });
}

/** What a new evaluation has to know of earlier ones. */
export async function readKnown(tx: ReadTx, cooldownMs: number): Promise<Known[]> {
  const rows = await tx.all<{ rule: string; subject: string; firing: number; firedAt: number }>(
    `select rule, subject, max(state = 'firing') as firing, max(fired_at) as firedAt
       from alerts where state = 'firing' or fired_at > $after group by rule, subject`,
    { after: tx.now - cooldownMs },
  );
  return rows.map((row) => ({ ...row, firing: row.firing === 1, sinceTick: null }));
}

/** The silences that hold now. One that was made long after now, by a clock that was set back since, is over: it would hold for who knows how long. */
export async function listSilences(tx: ReadTx): Promise<Silence[]> {
  return await tx.all<Silence>(
    `select id, rule, subject, until_at as untilAt, made_by as madeBy from silences
      where until_at > $now and $now >= made_at - (until_at - made_at) order by id`,
    { now: tx.now },
  );
}

/** Ends the silence `id` before its time. E_NOT_FOUND when none of that number holds. */
export async function endSilence(tx: WriteTx, id: number): Promise<void> {
  const { changes } = await tx.run("delete from silences where id = $id and until_at > $now", {
    id,
    now: tx.now,
  });
  if (changes === 0)
    throw new SkepError("E_NOT_FOUND", `no silence ${id} holds`, {
      hint: "skep alerts silences lists those that do.",
    });
}

/** Whether one of `silences` is about the rule and the subject of `one`. */
export function isSilenced(
  silences: readonly Silence[],
  { rule, subject }: Pick<Transition, "rule" | "subject">,
): boolean {
  return silences.some(
    (silence) =>
      (silence.rule ?? rule.name) === rule.name && (silence.subject ?? subject) === subject,
  );
}

/** Writes what began and what is over. Somebody else may have done so already. */
export async function writeTransitions(tx: WriteTx, transitions: readonly Told[]): Promise<void> {
  for (const { rule, subject, state, value, threshold, at, silenced } of transitions)
    if (state === "resolved")
      await tx.run(
        `update alerts set state = 'resolved', resolved_at = max($at, fired_at)
          where rule = $rule and subject = $subject and state = 'firing'`,
        { rule: rule.name, subject, at },
      );
    else
      await tx.run(
        `insert into alerts (rule, subject, severity, state, value, threshold, unit, about, fired_at, silenced)
         values ($rule, $subject, $severity, 'firing', $value, $threshold, $unit, $about, $at, $silenced)
         on conflict (rule, subject) where state = 'firing' do update
           set silenced = min(silenced, excluded.silenced)`,
        {
          rule: rule.name,
          subject,
          severity: rule.severity,
          value: value ?? 0,
          threshold,
          unit: rule.unit,
          about: rule.about,
          at,
          silenced: silenced ? 1 : 0,
        },
      );
}

/** Forgets what was over before `before`, and silences that are. */
export async function pruneAlerts(tx: WriteTx, before: number): Promise<void> {
  await tx.run(
    `delete from alerts where id in
       (select id from alerts where state = 'resolved' and resolved_at < $before limit 2000)`,
    { before },
  );
  await tx.run("delete from silences where until_at < $before", { before });
}

/** Notes that somebody sees to the firing alert `id`. E_NOT_FOUND when there is none. */
export async function ackAlert(tx: WriteTx, id: number, by: string | null): Promise<void> {
  const { changes } = await tx.run(
    `update alerts set acked_at = $now, acked_by = $by where id = $id and state = 'firing'`,
    { id, by, now: tx.now },
  );
  if (changes === 0)
    throw new SkepError("E_NOT_FOUND", `no alert ${id} fires`, {
      hint: "skep alerts lists those that do.",
    });
}

/** Has nobody told of `rule`, of `subject` or of both together for `forMs`: until when. */
export async function silence(
  tx: WriteTx,
  {
    rule,
    subject,
    forMs,
    by,
  }: { rule: string | null; subject: string | null; forMs: number; by: string | null },
): Promise<{ id: number; until: number }> {
  const until = tx.now + forMs;
  const { lastId } = await tx.run(
    `insert into silences (rule, subject, made_at, until_at, made_by)
     values ($rule, $subject, $now, $until, $by)`,
    { rule, subject, now: tx.now, until, by },
  );
  return { id: lastId, until };
}

/** By rule and subject. */
export function knowledgeOf(known: readonly Known[]): Map<string, Known> {
  return new Map(known.map((one) => [keyOf(one.rule, one.subject), one]));
}

async function selectAlerts(
  tx: ReadTx,
  where: string,
  params: Record<string, number>,
): Promise<Alert[]> {
  const rows = await tx.all<Omit<Alert, "silenced"> & { silenced: number }>(
    `select ${columns} from alerts where ${where} order by state, severity, id desc limit $max`,
    params,
  );
  return rows.map((row) => ({ ...row, silenced: row.silenced === 1 }));
}
