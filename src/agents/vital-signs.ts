// Vital signs: what hosts and agents say of themselves goes into vitals.db once a second, and what agents wrote there
// themselves is taken note of.
import type { Charge } from "./charge.ts";
import type { Crew } from "./crew.ts";
import {
  type Beat,
  type LastBeat,
  forgetBeats,
  readBeats,
  recordBeats,
  touchBeats,
} from "./heartbeat.ts";
import { isSkepError } from "../core/errors.ts";
import { formatDuration } from "../core/durations.ts";
import { ownIdentity } from "../core/identity.ts";
import { becomeReady } from "./reports.ts";

const copyEveryMs = 30_000;

/**
 * Writes down the signs of life that have come, and sees to what agents said until `lookTick`, when this look began. That the file
 * is damaged or full stops nobody.
 */
export async function exchangeBeats(crew: Crew, lookTick: number): Promise<void> {
  const { clock, vitals, openVitals, vitalsRefusedTick } = crew.supervision;
  // As they are now: who ends while we wait for the file has no beat any more.
  const fresh = [...crew.charges.values()].flatMap((charge) => beatSince(crew, charge) ?? []);
  const silenced = new Map(crew.silenced);
  const areToBeat = [...crew.charges.values()].some(
    ({ member }) => member.readyByBeat !== undefined || member.liveBeatMs !== undefined,
  );
  try {
    const store = await vitals();
    // The file is another one, and what was said may have been in the one before.
    if (store !== (crew.vitalsStore ?? store)) crew.awakeTick = clock.tick();
    crew.vitalsStore = store;
    if (fresh.length > 0 || silenced.size > 0 || areToBeat)
      await store.write(async (tx) => {
        // Whether those who are to beat can do so is seen by doing it.
        if (areToBeat) await touchBeats(tx);
        if (silenced.size > 0) await forgetBeats(tx, silenced);
        await recordBeats(tx, fresh);
      });
    // Where others of ours found no room agents may have found none either.
    crew.awakeTick = Math.max(crew.awakeTick, vitalsRefusedTick() ?? crew.awakeTick);
    // Whoever has ended once more meanwhile has its turn with the next look.
    for (const [name, tick] of silenced)
      if (crew.silenced.get(name) === tick) crew.silenced.delete(name);
    crew.vitalsTick = Math.max(crew.vitalsTick, ...fresh.map(({ tick }) => tick));
    if (!takeNotes(crew, await store.read(readBeats), lookTick).isDoubtful) return;
    // Only where somebody who opens the file can beat is silence anybody's own fault. Tried from half of the time on,
    // so that who could not beat for long has the other half for it when it can.
    const other = await openVitals();
    try {
      await other.write(touchBeats);
      const { overdue } = takeNotes(crew, await other.read(readBeats), lookTick);
      for (const { charge, reason } of overdue) {
        // Once is enough: its end will be reported.
        charge.startedTick = undefined;
        charge.host!.tell({ order: "kill", name: charge.member.name, reason });
      }
    } finally {
      await other.close();
    }
  } catch (error) {
    if (!isSkepError(error)) throw error;
    // Who was to beat meanwhile could do so as little as we can write or read it: that silence does not count.
    crew.awakeTick = clock.tick();
  }
}

/** The last beat of an agent; undefined when it has given none, or it is written down already. */
function beatSince(
  { supervision, vitalsTick }: Crew,
  { member, beatTick, host }: Charge,
): Beat | undefined {
  if (beatTick === null || beatTick <= vitalsTick) return undefined;
  const { clock } = supervision;
  return {
    agent: member.name,
    at: clock.now() - (clock.tick() - beatTick),
    tick: beatTick,
    boot: clock.boot,
    pid: host?.pid ?? ownIdentity().pid,
    said: null,
  };
}

interface Notes {
  /** Whether any is silent for half of the time that it may be, or more. */
  isDoubtful: boolean;
  /** Those that have been for longer than they may, and in which words. */
  overdue: { charge: Charge; reason: string }[];
}

/** Sees to what agents have said, and to what they should have said by now. */
function takeNotes(crew: Crew, beats: readonly LastBeat[], lookTick: number): Notes {
  const byName = new Map(beats.map((beat) => [beat.agent, beat]));
  const notes: Notes = { isDoubtful: false, overdue: [] };
  for (const charge of crew.charges.values()) {
    const silence = takeNote(crew, charge, byName.get(charge.member.name), lookTick);
    if (silence === undefined) continue;
    const { silentMs, mayMs, reason } = silence;
    if (silentMs > mayMs / 2) notes.isDoubtful = true;
    if (silentMs > mayMs) notes.overdue.push({ charge, reason });
  }
  return notes;
}

interface Silence {
  silentMs: number;
  /** For how long it may be silent, and how it is told when it was for longer. */
  mayMs: number;
  reason: string;
}

/** Sees to what one agent has said: how silent it is; undefined when it may be for as long as it likes. */
function takeNote(
  crew: Crew,
  charge: Charge,
  beat: LastBeat | undefined,
  lookTick: number,
): Silence | undefined {
  const { member, host, toldTick, startedTick } = charge;
  if (host === undefined || startedTick === undefined || crew.stopping) return undefined;
  const tick = crew.supervision.clock.tick();
  const { boot } = crew.supervision.clock;
  const saidTick =
    beat?.saidTick != null && beat.boot === boot && beat.saidTick >= toldTick
      ? beat.saidTick
      : undefined;
  if (saidTick !== undefined) noteHealth(crew, charge, beat!);
  const { readyByBeat, liveBeatMs } = member;
  // Whoever is stopped in the middle of a look, or waits for a lock there, finds that much time has passed: that is
  // for the next look to see, and no silence of anybody until then.
  const silentMs = Math.max(0, lookTick - Math.max(saidTick ?? startedTick, crew.awakeTick));
  if (beat !== undefined && tick - (crew.copiedTick.get(member.name) ?? 0) > copyEveryMs) {
    crew.copiedTick.set(member.name, tick);
    void crew.record.note(member.name, { lastBeatAt: beat.at });
  }
  if (readyByBeat !== undefined && charge.state === "starting") {
    const mayMs = readyByBeat.timeoutMs;
    if (saidTick === undefined)
      return { silentMs, mayMs, reason: `no beat within ${formatDuration(mayMs)}` };
    becomeReady(crew, member.name);
  } else if (liveBeatMs !== undefined)
    return { silentMs, mayMs: liveBeatMs, reason: `no beat for ${formatDuration(silentMs)}` };
  return undefined;
}

function noteHealth(crew: Crew, charge: Charge, { at, status, detail }: LastBeat): void {
  if (charge.health === status && charge.healthDetail === detail) return;
  Object.assign(charge, { health: status, healthDetail: detail });
  const change = { health: status, healthDetail: detail, lastBeatAt: at };
  void crew.record.note(charge.member.name, change);
}
