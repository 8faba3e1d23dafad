// `skep status`: how the swarm is, on one screen.
import { findHold } from "../../agents/hold.ts";
import type { Agent } from "../../agents/registry.ts";
import { drainStatus } from "../../bus/drain.ts";
import { listInboxes } from "../../bus/inboxes.ts";
import { lossesSoFar } from "../../bus/loss.ts";
import type { LockHolder } from "../../store/lock-holder.ts";
import type { Store } from "../../store/store.ts";
import { defineCommand } from "../command.ts";
import { agentJson } from "../agents.ts";
import { drainJson, drainText } from "../drain.ts";
import { governorJson, governorText } from "../governor.ts";
import { open } from "../open.ts";
import { gaveUpOf, supervisorTrouble } from "../supervisor-trouble.ts";
import { formatDuration } from "../../core/durations.ts";
import { printable } from "../../core/text.ts";

export default defineCommand({
  name: "status",
  summary: "say how the swarm is",
  args: {},
  async run(context) {
    const app = await open(context);
    const run = await app.lastRun();
    const agents = await app.agents();
    const inboxes = await app.store.read(listInboxes);
    const drain = await app.store.read(drainStatus);
    const writer = await app.store.lockHolder();
    const log = await app.store.log();
    const hold = await app.store.read((tx) => findHold(tx, app.clock.boot));
    const lost = await app.store.read(lossesSoFar);
    if (context.json) {
      const shownRun =
        run === undefined
          ? null
          : {
              id: run.id,
              swarm: run.swarm,
              file: run.file,
              state: run.state,
              pid: run.pid,
              guardian_pid: run.guardianPid,
              alive: run.alive,
              halted: run.halted,
              returns: run.returns,
              gave_up: gaveUpOf(run),
              started_at: run.startedAt,
              ended_at: run.endedAt,
            };
      await context.data(
        JSON.stringify({
          home: app.home,
          run: shownRun,
          drain: drain === undefined ? null : drainJson(drain),
          governor: governorJson(hold),
          agents: agents.map(agentJson),
          inboxes: inboxes.length,
          writer: writer ?? null,
          log: { bytes: log.bytes, reader: log.reader ?? null },
          lost: lost === undefined ? 0 : lost.deliveries,
        }),
      );
      return;
    }
    if (run === undefined) await context.data(`${app.home}: no swarm was ever started here`);
    else
      await context.data(
        `${app.home}: ${run.swarm}, run ${run.id}, ${run.state}${inBrackets(supervisorTrouble(run) ?? gaveUpOf(run))}, started ${formatDuration(app.clock.now() - run.startedAt)} ago`,
      );
    if (drain !== undefined) await context.data(drainText(drain, app.clock.now()));
    const held = governorText(hold, app.clock.now());
    if (held !== undefined) await context.data(held);
    const states = new Map<string, number>();
    for (const { state } of agents) states.set(state, (states.get(state) ?? 0) + 1);
    if (agents.length > 0)
      await context.data(
        `agents: ${[...states].map(([state, count]) => `${count} ${state}`).join(", ")}`,
      );
    for (const agent of agents) for (const line of troubleOf(agent)) await context.data(line);
    const sum = (of: (inbox: (typeof inboxes)[number]) => number) =>
      inboxes.reduce((total, inbox) => total + of(inbox), 0);
    await context.data(
      `deliveries in ${inboxes.length} ${inboxes.length === 1 ? "inbox" : "inboxes"}: ${sum((i) => i.ready)} ready, ${sum((i) => i.delayed)} delayed, ${sum((i) => i.leased)} leased, ${sum((i) => i.parked)} parked, ${sum((i) => i.acked)} acked, ${sum((i) => i.dead)} dead`,
    );
    if (writer !== undefined) await context.data(printable(`all writes wait for ${shown(writer)}`));
    for (const line of troubleOfLog(log)) await context.data(line);
    if (lost !== undefined)
      await context.data(
        `lost: ${lost.deliveries} deliveries that had been accepted, last noticed ${formatDuration(app.clock.now() - lost.noticedAt)} ago; skep sql "select * from lost" lists which`,
      );
  },
});

function shown({ pid, command, stopped }: LockHolder): string {
  return `process ${pid} (${command})${stopped ? ", which is stopped" : ""}`;
}

/** What there is to say of a log that is longer than usual: nothing mostly. */
function troubleOfLog({ bytes, reader }: Awaited<ReturnType<Store["log"]>>): string[] {
  if (reader === undefined) return [];
  const size = Math.round(bytes / 1024 / 1024);
  return [
    printable(
      `the log of bus.db has grown to ${size} MiB, for ${shown(reader)} reads an old state of it; at 256 MiB nothing more is sent`,
    ),
  ];
}

const evidenceLines = 5;

/** What there is to say of an agent that is not well: why, and what it said last. */
function troubleOf({ name, state, reason, evidence }: Agent): string[] {
  if (!["failed", "dead", "suspect"].includes(state)) return [];
  const last = evidence === null ? [] : evidence.split("\n").slice(-evidenceLines);
  return [
    `${name} ${state}: ${reason ?? "it did not say why"}`,
    ...last.map((line) => `  | ${line}`),
  ].map(printable);
}

function inBrackets(text: string | null): string {
  return text === null ? "" : ` (${text})`;
}
