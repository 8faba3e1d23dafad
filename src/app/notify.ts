// Telling people of alerts outside of skep: the channels that are set, what of the machine they get to see, and what
// becomes of notices.
import { findOpenRun } from "../agents/runs.ts";
import type { Shelter } from "../agents/strays.ts";
import { agentEnvironment, defaultRules } from "../config/environment.ts";
import type { Settings } from "../config/settings.ts";
import type { Clock } from "../core/clock.ts";
import { isSkepError } from "../core/errors.ts";
import type { Emitter } from "../core/events.ts";
import { isWsl } from "../core/wsl.ts";
import { type NoticeEnd, countNotices } from "../metrics/alerts/notices.ts";
import { type PlannedChannel, channelsOf } from "../notify/channels.ts";
import { deskVariables } from "../notify/desktop.ts";
import type { Notice } from "../notify/notice.ts";
import { type Outcome, openQueue, tellThrough } from "../notify/queue.ts";
import type { Store } from "../store/store.ts";

interface Parts {
  home: string;
  clock: Clock;
  events: Emitter;
  store: Store;
  vitals(): Promise<Store>;
  settings: Settings;
}

export interface Notifier {
  /** Has people told of those that are severe enough, beside whatever goes on here. */
  tell(notices: readonly Notice[]): void;
  /** Ends what is still told, and notes what became of it. */
  end(): Promise<void>;
}

// Who is told that a swarm went down because of it should hear of it.
const endGraceMs = 2_000;

const kindsMax = 100;

const severities = ["info", "warning", "critical"];

/** The channels that are set here, with what each uses. `mark` is what programs of a run carry, so that they end with it; `retryAfterMs` is for whoever does not want to wait. */
export function plannedChannels(
  { home, settings }: Pick<Parts, "home" | "settings">,
  {
    mark = async () => ({}),
    retryAfterMs,
  }: { mark?: () => Promise<Record<string, string>>; retryAfterMs?: readonly number[] } = {},
): PlannedChannel[] {
  const env = agentEnvironment(defaultRules, { SKEP_HOME: home });
  const deskEnv = agentEnvironment([...defaultRules, ...deskVariables]);
  const desk = { platform: process.platform, isWsl: isWsl(), env: deskEnv };
  return channelsOf({ ...settings.notify, retryAfterMs }, { home, env, desk, mark });
}

/** What tells people of alerts while a swarm, or whoever watches, runs. `shelter` is where programs leave what they started, if nobody else sees to that. */
export function openNotifier(parts: Parts, shelter?: Shelter): Notifier {
  const { clock, events, store, settings } = parts;
  const { severity, waitingMax } = settings.notify;
  const mark = async () => {
    const run = await store.read(findOpenRun);
    return run === undefined ? {} : { SKEP_RUN: run.mark };
  };
  const register = openRegister(parts.vitals);
  // Of what goes wrong each time in the same way people hear once.
  const known = new Set<string>();
  const hear = (outcome: Outcome) => {
    register.note(endOf(outcome, clock.now()));
    shelter?.reap();
    const { channel, what, why } = outcome;
    const kind = `${channel} ${what} ${why}`;
    const isNew = !known.has(kind);
    if (what === "sent") for (const one of known) if (one.startsWith(channel)) known.delete(one);
    if (what !== "sent" && known.size < kindsMax) known.add(kind);
    events.emit("alert.noticed", { channel, what, why: wordsOf(outcome), isNew });
  };
  const queues = plannedChannels(parts, { mark }).map((channel) =>
    openQueue(channel, { waitingMax, hear }),
  );
  return {
    tell(notices) {
      for (const notice of notices)
        if (severities.indexOf(notice.severity) >= severities.indexOf(severity))
          for (const queue of queues) queue.put(notice);
    },
    async end() {
      await Promise.all(queues.map((queue) => queue.end(endGraceMs)));
      await shelter?.end(0);
      await register.settled();
    },
  };
}

/** How a notice went that was sent to see how it goes. */
export interface Trial {
  channel: string;
  uses: string;
  /** Why it did not work; null when it did. */
  why: string | null;
}

/** Tells of `notice` through every channel that is set, one try each, whatever its severity, and counts what becomes of it. `shelter` is where programs leave what they started. */
export async function tryChannels(
  parts: Parts,
  shelter: Shelter,
  notice: Notice,
  signal: AbortSignal,
): Promise<Trial[]> {
  const register = openRegister(parts.vitals);
  const trials = await Promise.all(
    plannedChannels(parts, { retryAfterMs: [] }).map(async (channel) => {
      const outcome = await tellThrough(channel, notice, signal);
      register.note(endOf(outcome, parts.clock.now()));
      return { channel: channel.name, uses: channel.uses, why: wordsOf(outcome) };
    }),
  );
  await shelter.end(0);
  await register.settled();
  return trials;
}

function endOf(outcome: Outcome, at: number): NoticeEnd {
  const { channel, what } = outcome;
  return { channel, what, error: wordsOf(outcome), at };
}

function wordsOf({ why, detail }: Outcome): string | null {
  return why === null ? null : [why, detail].filter(Boolean).join(": ");
}

/** What notes in `vitals` what became of notices. What cannot be written waits for the next, as counts of three channels. */
function openRegister(vitals: () => Promise<Store>) {
  let ends: NoticeEnd[] = [];
  let writing: Promise<void> | undefined;
  const write = async () => {
    while (ends.length > 0) {
      const batch = ends;
      ends = [];
      try {
        const store = await vitals();
        await store.write((tx) => countNotices(tx, batch));
      } catch (error) {
        if (!isSkepError(error)) throw error;
        ends = [...batch, ...ends].slice(-unwrittenMax);
        break;
      }
    }
    writing = undefined;
  };
  return {
    note(end: NoticeEnd) {
      ends.push(end);
      writing ??= Promise.resolve().then(write);
    },
    settled: async () => void (await writing),
  };
}

const unwrittenMax = 1_000;
