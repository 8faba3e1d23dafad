// The result of a census, for people and for programs.
import type { Figures, Percentiles } from "./figures.ts";
import type { Results } from "./watch.ts";

export interface Census {
  run: string;
  directory: string;
  /** Undefined when the work did not come to its end. */
  results: Results | undefined;
  /** Undefined when there is no database to read. */
  figures: Figures | undefined;
  drainMs: number;
  /** Undefined where there is no /proc to tell. */
  survivors: number | undefined;
  /** Files that somebody changed meanwhile. */
  changed: string[];
  faults: string[];
}

/** The figures as one object with plain keys; null for what could not be found out. */
export function asJson(census: Census): object {
  const { results, figures } = census;
  const { plan, checked, agents } = results ?? {};
  return {
    run: census.run,
    directory: census.directory,
    files: plan?.files.length ?? null,
    skipped: plan?.skipped ?? null,
    changed: census.changed,
    bytes: checked?.bytes ?? null,
    identifiers: identifiers(results) ?? null,
    pieces: plan?.pieces ?? null,
    messages_sent: figures?.sent ?? null,
    messages_acked: figures?.acked ?? null,
    messages_redelivered: figures ? sum(figures.redelivered) : null,
    redelivered_because: figures?.redelivered ?? null,
    messages_dead: figures?.dead ?? null,
    agents_started: agents?.length ?? null,
    programs_killed: killed(results, "program") ?? null,
    hosts_killed: killed(results, "host") ?? null,
    latency_ms: figures?.latency ?? null,
    seconds: figures?.seconds ?? null,
    messages_per_second: figures?.perSecond ?? null,
    drain_ms: census.drainMs,
    ledger: figures?.ledger ?? null,
    conserved: figures?.conserved ?? null,
    survivors: census.survivors ?? null,
    faults: census.faults,
    ok: census.faults.length === 0,
  };
}

/** The table that ends a run; the last line is the verdict. */
export function asTable(census: Census): string {
  const rows = [
    ["census of", census.directory],
    ...(census.results ? workRows(census.results) : []),
    ...(census.changed.length === 0
      ? []
      : [["changed", `${census.changed.length} files meanwhile, which were not compared`]]),
    ...(census.figures ? messageRows(census.figures) : []),
    ["drain time", `${Math.round(census.drainMs)} ms`],
    ["survivors", census.survivors === undefined ? "unknown without /proc" : `${census.survivors}`],
    ...census.faults.map((fault) => ["WRONG", fault]),
    [
      "VERDICT",
      census.faults.length === 0
        ? "every identifier counted, every message accounted for"
        : "FAILED",
    ],
  ];
  return rows.map(([name, value]) => `${name!.padEnd(18)}${value}\n`).join("");
}

function workRows(results: Results): string[][] {
  const { plan, checked, agents } = results;
  const programs = killed(results, "program");
  const hosts = killed(results, "host");
  const size = `${(checked.bytes / 1e6).toFixed(1)} MB in ${whole(plan.pieces)} pieces`;
  return [
    ["files", `${whole(plan.files.length)}, ${size}`],
    ...(plan.skipped.length === 0 ? [] : [["skipped", plan.skipped.map(quoted).join(" ")]]),
    ["identifiers", whole(identifiers(results)!)],
    ["agents started", whole(agents.length)],
    ["agents killed", `${results.killed.length}: ${programs} programs, ${hosts} hosts`],
  ];
}

function messageRows({ sent, acked, redelivered, dead, ...figures }: Figures): string[][] {
  const because = Object.entries(redelivered).map(([outcome, count]) => `${count} ${outcome}`);
  const { ledger } = figures;
  const left = ledger.ready + ledger.delayed + ledger.leased + ledger.parked;
  const gone = ledger.expired + ledger.purged + ledger.moved_out;
  return [
    ["messages sent", whole(sent)],
    ["acked", whole(acked)],
    ["redelivered", [whole(sum(redelivered)), ...because].join(", ")],
    ["dead", whole(dead)],
    ["send to ack", `${spread(figures.latency.pieces)} of pieces`],
    ["", `${spread(figures.latency.answers)} of answers`],
    ["messages/second", `${whole(figures.perSecond)} for ${figures.seconds.toFixed(1)} s`],
    [
      "conservation",
      `${whole(ledger.sent + ledger.moved_in)} in ${figures.conserved ? "=" : "IS NOT"} ` +
        `${whole(left)} left + ${whole(ledger.acked)} acked + ${whole(ledger.dead)} dead + ${whole(gone)} gone otherwise`,
    ],
  ];
}

function identifiers(results: Results | undefined): number | undefined {
  return results?.totals.counts.reduce((total, count) => total + count, 0);
}

function killed(results: Results | undefined, what: "program" | "host"): number | undefined {
  return results?.killed.filter((victim) => victim.what === what).length;
}

function sum(counts: Record<string, number>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}

function spread({ p50, p95, p99 }: Percentiles): string {
  return `p50 ${whole(p50)} ms, p95 ${whole(p95)} ms, p99 ${whole(p99)} ms`;
}

function whole(number: number): string {
  return Math.round(number).toLocaleString("en");
}

// A file is skipped for a name that may drive a terminal, so it is never shown as it stands.
function quoted(path: string): string {
  return JSON.stringify(path);
}
