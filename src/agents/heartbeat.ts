// The heartbeats table of vitals.db: when each agent last gave a sign of life, and how it said that it is.
import { SkepError } from "../core/errors.ts";
import { rowList, rowsOf } from "../store/row-list.ts";
import type { ReadTx, WriteTx } from "../store/store.ts";

/** What an agent may say of itself. */
export const statuses = ["healthy", "degraded", "unhealthy"] as const;
export type Status = (typeof statuses)[number];

/** A sign of life. */
export interface Beat {
  agent: string;
  at: number;
  /** The same moment as ticks of `boot`. */
  tick: number;
  boot: string;
  /** The process that gave it. */
  pid: number | null;
  /** What the agent says of itself; null when its host speaks for it, and then it stays as it was. */
  said: { status: Status; detail: string | null } | null;
}

/** The last sign of life of an agent, and the last that it said itself. */
export interface LastBeat extends Omit<Beat, "said"> {
  /** Healthy as long as it has said nothing. */
  status: Status;
  detail: string | null;
  /** When it said so; null when it never did. */
  saidTick: number | null;
}

/** How long what nobody repeats is remembered. */
export const beatKeepMs = 3_600_000;

const detailMax = 1_000;

/**
 * Writes any number of `beats`, all of this boot, and forgets what is older than `beatKeepMs` or of another boot. One that is older
 * than what is there changes nothing. E_USAGE for a detail of more than 1,000 characters.
 */
export async function recordBeats(tx: WriteTx, beats: readonly Beat[]): Promise<void> {
  if (beats.length === 0) return;
  const rows = beats.map(({ agent, at, tick, boot, pid, said }) => {
    checkDetail(said?.detail ?? "");
    const status = said?.status ?? "healthy";
    const saidTick = said === null ? null : tick;
    return [agent, at, tick, boot, pid, status, said?.detail ?? null, saidTick];
  });
  await tx.run(
    `insert into heartbeats (agent, at, tick, boot, pid, status, detail, said_tick)
     select agent, at, tick, boot, pid, status, detail, said_tick from ${rowsOf("rows", columns)} where true
     on conflict (agent) do update set
       status = case when ${speaksForIt} then heartbeats.status else excluded.status end,
       detail = case when ${speaksForIt} then heartbeats.detail else excluded.detail end,
       said_tick = case when ${speaksForIt} then heartbeats.said_tick else excluded.said_tick end,
       at = excluded.at, tick = excluded.tick, boot = excluded.boot, pid = excluded.pid
     where excluded.boot != heartbeats.boot or excluded.tick >= heartbeats.tick`,
    { rows: rowList(rows) },
  );
  await tx.run("delete from heartbeats where boot != $boot or tick < $oldest", {
    boot: beats[0]!.boot,
    oldest: tx.tick - beatKeepMs,
  });
}

const columns = ["agent", "at", "tick", "boot", "pid", "status", "detail", "said_tick"];

// What an agent said in another boot, it said in another life.
const speaksForIt = "excluded.said_tick is null and excluded.boot = heartbeats.boot";

/** The last sign of life of every agent that gave one, by name. */
export async function readBeats(tx: ReadTx): Promise<LastBeat[]> {
  return await tx.all<LastBeat>(
    `select agent, at, tick, boot, pid, status, detail, said_tick as saidTick from heartbeats order by agent`,
  );
}

/** Writes a sign of life as it stands there already: on a full disk, or into a file that nobody may write, it fails as any other would. */
export async function touchBeats(tx: WriteTx): Promise<void> {
  await tx.run(
    "update heartbeats set at = at where agent = (select agent from heartbeats limit 1)",
  );
}

/** Forgets the signs of life that agents gave until a tick, and what they said, by their names: for whoever starts anew. What the new one has said already stays. */
export async function forgetBeats(
  tx: WriteTx,
  untilTicks: ReadonlyMap<string, number>,
): Promise<void> {
  await tx.run(
    `delete from heartbeats where exists (
       select 1 from ${rowsOf("ends", ["name", "until"])} as ends
       where ends.name = heartbeats.agent and heartbeats.tick <= ends.until)`,
    { ends: rowList([...untilTicks]) },
  );
}

function checkDetail(detail: string): void {
  if (detail.length <= detailMax) return;
  throw new SkepError("E_USAGE", `the detail has ${detail.length} characters`, {
    hint: `${detailMax} are the limit: say the most important, and write the rest to a log.`,
  });
}
