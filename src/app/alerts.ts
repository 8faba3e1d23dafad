// The alerts of a home: what the part that decides on them, which knows neither agents nor the bus, gets to see of both,
// and how what it decides is told.
import { listAgents } from "../agents/registry.ts";
import type { Bus } from "../bus/bus.ts";
import { readConditions } from "../bus/conditions.ts";
import type { Settings } from "../config/settings.ts";
import type { Clock } from "../core/clock.ts";
import type { Emitter } from "../core/events.ts";
import { type EvaluateParts, evaluateAlerts, openEvaluation } from "../metrics/alerts/evaluate.ts";
import type { Growth } from "../metrics/alerts/growth.ts";
import type { Look } from "../metrics/alerts/readings.ts";
import type { Told } from "../metrics/alerts/record.ts";
import type { Notice } from "../notify/notice.ts";
import { freeBytes } from "../store/filesystem.ts";
import type { Store } from "../store/store.ts";
import { rulesThatHold } from "./alert-rules.ts";
import type { Notifier } from "./notify.ts";
import { fits, publishNotices } from "./publish-notices.ts";

interface Parts {
  home: string;
  bus: Bus;
  clock: Clock;
  events: Emitter;
  vitals(): Promise<Store>;
  settings: Settings;
  growth: Growth;
  notifier: Pick<Notifier, "tell">;
}

/** Evaluates the alerts of the swarm that runs under this process, until `signal` aborts. */
export async function superviseAlerts(parts: Parts, signal: AbortSignal): Promise<void> {
  await evaluateAlerts(evaluationParts(parts), signal);
}

/** The same without a swarm, a pass at a time. */
export function openAlerts(parts: Parts): ReturnType<typeof openEvaluation> {
  return openEvaluation(evaluationParts(parts));
}

function evaluationParts(given: Parts): EvaluateParts {
  const { home, bus, clock, events, settings, notifier, ...parts } = given;
  const startMs = hearStart(events, clock, settings.alerts.rateWindowMs);
  const restartsOf = hearRestarts(events);
  const { rateWindowMs } = settings.alerts;
  return {
    ...parts,
    clock,
    settings: settings.alerts,
    rules: rulesThatHold(settings),
    async look(): Promise<Look> {
      const seen = await bus.store.read(async (tx) => ({
        ...(await readConditions(tx, settings.bus, rateWindowMs)),
        agents: await listAgents(tx),
      }));
      const log = await bus.store.log();
      return {
        ...seen,
        agents: seen.agents.map(({ name, state }) => ({ name, state, restarts: restartsOf(name) })),
        tick: clock.tick(),
        startMs: startMs(),
        logBytes: log.bytes,
        isLogKept: log.reader !== undefined,
        freeBytes: freeBytes(home),
      };
    },
    tell: (transitions) => notifier.tell(transitions.map(noticeOf)),
    async publish(transitions) {
      // What is longer than any body may be is refused for ever, and must not keep back what comes after it.
      const fitting = transitions.map(noticeOf).filter((notice) => fits(bus, notice));
      await publishNotices(bus, fitting);
    },
  };
}

/** An alert that says that it is none. */
export function testNotice(now: number): Notice {
  return {
    rule: "test",
    subject: "skep alerts test",
    state: "firing",
    severity: "info",
    value: 1,
    threshold: 1,
    unit: "count",
    about: "nothing is wrong: somebody tries out how alerts are told",
    at: now,
  };
}

/** A transition as programs get it. */
export function noticeOf({ rule, subject, state, value, threshold, at }: Told): Notice {
  const { name, severity, unit, about } = rule;
  return { rule: name, subject, state, severity, value, threshold, unit, about, at };
}

/** How often each agent was restarted since this was called. */
function hearRestarts(events: Emitter): (name: string) => number {
  const counts = new Map<string, number>();
  events.on("agent.restarting", ({ name }) => counts.set(name, (counts.get(name) ?? 0) + 1));
  return (name) => counts.get(name) ?? 0;
}

/** How long the newest start of a swarm took, or has taken so far; null once that is `keepMs` ago. */
function hearStart(events: Emitter, clock: Clock, keepMs: number): () => number | null {
  let start: {
    tick: number;
    agents: number;
    running: Set<string>;
    doneTick: number | null;
  } | null = null;
  events.on("swarm.started", ({ agents }) => {
    start = { tick: clock.tick(), agents, running: new Set(), doneTick: null };
  });
  const settled = ({ name }: { name: string }) => {
    if (start === null || start.doneTick !== null) return;
    if (start.running.add(name).size === start.agents) start.doneTick = clock.tick();
  };
  events.on("agent.started", settled);
  // Who has ended for good is waited for no more.
  events.on("agent.ended", settled);
  return () => {
    if (start === null) return null;
    const endTick = start.doneTick ?? clock.tick();
    return clock.tick() - endTick > keepMs ? null : endTick - start.tick;
  };
}
