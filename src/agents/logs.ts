// Logs: what the agents and the swarm itself wrote last, and what they write from now on. Prints nothing.
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { sleep } from "../core/clock.ts";
import { SkepError } from "../core/errors.ts";
import { didYouMean, namePattern, swarmLogName } from "../core/names.ts";
import { logPath } from "./log.ts";
import { type LogReader, lastOf, openLogReader } from "./log-reader.ts";
import type { Agent } from "./registry.ts";

export interface LogLine {
  /** The agent that wrote it; `skep` for the swarm itself. */
  agent: string;
  text: string;
}

export interface LogsQuestion {
  home: string;
  /** An agent or a group of them; undefined: everybody, and the swarm itself. */
  subject: string | undefined;
  /** How many lines of each log to begin with. */
  lines: number;
  /** Every agent there is now. */
  agents(): Promise<readonly Pick<Agent, "name" | "group">[]>;
  /** Aborts when no more lines are wanted; undefined: nothing but the last ones are. */
  follow: AbortSignal | undefined;
  /** Tells for how long nothing was added; left out: as it passes. */
  nowMs?: (() => number) | undefined;
}

const lookMs = 200;
const looksPerSearch = 5;

/**
 * The last lines of each log, those of the one that was written to last at the end; then, if they are to be followed, the lines
 * that come, also of agents that are new. E_NOT_FOUND when there is no such agent and no log of one.
 */
export async function* readLogs(question: LogsQuestion): AsyncGenerator<LogLine[], void, void> {
  const { home, lines, follow, nowMs } = question;
  const readers = new Map<string, LogReader>();
  try {
    for (const name of byAge(home, await logsNamed(question))) {
      const reader = openLogReader(home, name, nowMs);
      readers.set(name, reader);
      const last = reader.begin(lines);
      const all = follow === undefined ? lastOf([...last, ...reader.rest()], lines) : last;
      if (all.length > 0) yield linesBy(name, all);
      if (follow === undefined) reader.close();
    }
    for (let looks = 1; follow?.aborted === false; looks++) {
      await sleep(lookMs, follow);
      if (looks % looksPerSearch === 0)
        for (const name of await logsMeant(question))
          if (!readers.has(name)) readers.set(name, openLogReader(home, name, nowMs));
      for (const [name, reader] of readers) {
        const more = reader.more();
        if (more.length > 0) yield linesBy(name, more);
      }
    }
  } finally {
    for (const reader of readers.values()) reader.close();
  }
}

/** The logs that the question is about. E_NOT_FOUND when there are none. */
async function logsNamed(question: LogsQuestion): Promise<string[]> {
  const { home, subject } = question;
  const names = await logsMeant(question);
  if (names.length > 0 || subject === undefined) return names;
  const agents = await question.agents();
  const known = agents.flatMap(({ name, group }) => [name, group]);
  throw new SkepError("E_NOT_FOUND", `there is no agent ${subject}, and no log of one`, {
    hint: didYouMean(subject, new Set([...known, ...filesIn(home)])) ?? "skep ps lists the agents.",
  });
}

async function logsMeant({ home, subject, agents }: LogsQuestion): Promise<string[]> {
  const all = await agents();
  if (subject === undefined)
    return all.length === 0 ? filesIn(home) : [...all.map(({ name }) => name), swarmLogName];
  const own = all.filter(({ name }) => name === subject);
  const members = own.length > 0 ? own : all.filter(({ group }) => group === subject);
  if (members.length > 0) return members.map(({ name }) => name);
  return [...filesIn(home), swarmLogName].includes(subject) ? [subject] : [];
}

/** The names whose logs are there, whoever they were. */
function filesIn(home: string): string[] {
  try {
    const files = readdirSync(join(home, "logs")).filter((file) => file.endsWith(".log"));
    return files.map((file) => file.slice(0, -4)).filter((name) => namePattern.test(name));
  } catch {
    // No logs, no directory for them.
    return [];
  }
}

/** `names` in the order in which their logs were last written to. */
function byAge(home: string, names: readonly string[]): string[] {
  const aged = names.map((name) => {
    const stat = statSync(logPath(home, name), { throwIfNoEntry: false });
    return { name, changedMs: stat?.mtimeMs ?? 0 };
  });
  return aged.toSorted((a, b) => a.changedMs - b.changedMs).map(({ name }) => name);
}

function linesBy(agent: string, texts: readonly string[]): LogLine[] {
  return texts.map((text) => ({ agent, text }));
}
