// Nothing goes wrong unseen: 100 agents at work, a fault of each kind planted among them. Each is told once, in `skep alerts`
// and in the report, and is over when it is mended; nothing else is told.
import { elapsedMs, sleep } from "../../src/core/clock.ts";
import { untilReady } from "./crowd.ts";
import { type Place, inPlace } from "./place.ts";
import { agentsAtFirst, plantedIn, settings, swarmOf } from "./planted.ts";
import type { Proof, ProofOptions } from "./proof.ts";

interface Alert {
  rule: string;
  subject: string;
  state: "firing" | "resolved";
  fired_at: number;
}

const lookEveryMs = 1_000;
const within = { fireMs: 120_000, resolveMs: 180_000 };

/** The one that cannot be mended: the swarm would have to be started with another threshold. */
export const lasting = "disk-low disk";

// What lies there for long because of another fault is no fault of its own; and a hundred agents start slowly on a busy machine.
const follows = /^(oldest-unclaimed (full|keeps-\d|hears|refuses)|coordination-time swarm)$/;

export const alarms: Proof = {
  name: "alarms",
  summary: "a fault of each kind among 100 agents is told once, and is over when it is mended",
  count: 3,
  quick: 1,
  unit: "rounds",
  async run({ count, executable, progress }) {
    const faults: string[] = [];
    const figures: string[] = [];
    for (let round = 1; round <= count; round++)
      faults.push(
        ...(await inPlace({ executable, settings }, async (place) => {
          const ended = await plantAll(place, (text) => progress(`round ${round}: ${text}`));
          figures.push(inWords(ended));
          return ended.faults;
        })),
      );
    return { faults, figures: figures.join("; ") };
  },
};

interface Told {
  faults: string[];
  /** How many faults were planted, and how many alerts they had to bring about. */
  planted: number;
  wanted: number;
  /** From each condition whose time is known to its alert, in milliseconds. */
  late: number[];
}

/** Plants a fault of each kind, or those of `few` alone, sees that each is told, mends it, and sees that it is over. */
export async function plantAll(
  place: Place,
  progress: ProofOptions["progress"],
  few?: readonly string[],
): Promise<Told> {
  const up = await place.start(["up", place.file(swarmOf(place, few === undefined))]);
  const planted = plantedIn(place).filter(
    ({ alerts }) => few === undefined || alerts.some((alert) => few.includes(alert)),
  );
  const wanted = planted.flatMap(({ alerts }) => alerts);
  const comesAt = new Map<string, number>();
  const faults: string[] = [];
  const plantEach = async () => {
    // Of the two that are faulty by themselves one never stays up.
    await untilReady(place, agentsAtFirst - (few === undefined ? 1 : 2));
    for (const one of planted) {
      progress(`plants ${one.alerts.join(", ")}`);
      const at = await one.plant(place);
      if (typeof at === "number") comesAt.set(one.alerts[0]!, at);
    }
  };
  // Some are over by themselves, before the last is planted where that takes long.
  const planting = plantEach();
  const [seen] = await Promise.all([untilSeen(place, wanted, progress, planting), planting]);
  for (const { where, missing } of seen)
    faults.push(...missing.map((alert) => `${alert} was not in ${where}`));
  for (const one of planted) {
    progress(`mends ${one.alerts.join(", ")}`);
    await one.mend(place);
  }
  faults.push(...(await untilOver(place, wanted, progress)));
  const alerts = await listed(place, ["alerts", "history"]);
  faults.push(...strange(alerts, wanted));
  const { code, stderr } = await place.skep(["down", "--timeout", "10s"]);
  if (code !== 0) faults.push(`skep down ended with ${code}: ${stderr}`);
  await up.finished;
  const late = lateness(alerts, comesAt);
  return { faults, planted: planted.length, wanted: wanted.length, late };
}

function inWords({ planted, wanted, late }: Told): string {
  const ms = late.toSorted((a, b) => a - b).join(", ");
  return `${wanted} alerts of ${planted} faults; from condition to alert ${ms} ms`;
}

/** Looks while `planting` goes on, and then until each of `wanted` has been seen to fire, in either place: what was missing in the end. */
async function untilSeen(
  place: Place,
  wanted: readonly string[],
  progress: ProofOptions["progress"],
  planting: Promise<void>,
): Promise<{ where: string; missing: string[] }[]> {
  const inAlerts = new Set<string>();
  const inReport = new Set<string>();
  const missingIn = (seen: Set<string>) => wanted.filter((alert) => !seen.has(alert));
  let endMs = Number.POSITIVE_INFINITY;
  void planting.then(
    () => (endMs = elapsedMs() + within.fireMs),
    () => (endMs = 0),
  );
  do {
    for (const alert of await listed(place, ["alerts"])) inAlerts.add(titleOf(alert));
    const { stdout } = await place.skep(["metrics", "report", "--json"]);
    const { alerts } = JSON.parse(stdout) as { alerts: Alert[] };
    for (const alert of alerts) if (alert.state === "firing") inReport.add(titleOf(alert));
    if (missingIn(inAlerts).length + missingIn(inReport).length === 0) break;
    if (endMs < Number.POSITIVE_INFINITY) progress(`waits for ${missingIn(inReport).join(", ")}`);
    await sleep(lookEveryMs);
  } while (elapsedMs() < endMs);
  return [
    { where: "skep alerts", missing: missingIn(inAlerts) },
    { where: "the report", missing: missingIn(inReport) },
  ];
}

/** Waits until nothing fires but what cannot be mended: a fault for everything that still does. */
async function untilOver(
  place: Place,
  wanted: readonly string[],
  progress: ProofOptions["progress"],
): Promise<string[]> {
  const endMs = elapsedMs() + within.resolveMs;
  for (;;) {
    const left = (await listed(place, ["alerts"]))
      .map(titleOf)
      .filter((title) => title !== lasting);
    if (left.length === 0) return [];
    if (elapsedMs() > endMs)
      return left.map(
        (title) =>
          `${title} fires, although ${wanted.includes(title) ? "it was mended" : "nothing is wrong"}`,
      );
    progress(`waits for the end of ${left.join(", ")}`);
    await sleep(lookEveryMs);
  }
}

/** Faults for what was told more than once, and for what was not planted. */
function strange(alerts: readonly Alert[], wanted: readonly string[]): string[] {
  const times = new Map<string, number>();
  for (const alert of alerts) times.set(titleOf(alert), (times.get(titleOf(alert)) ?? 0) + 1);
  return [...times].flatMap(([title, count]) => {
    if (!wanted.includes(title))
      return follows.test(title) ? [] : [`${title} was told, and not planted`];
    return count > 1 ? [`${title} was told ${count} times`] : [];
  });
}

/** How long after its condition each alert came, in milliseconds. */
function lateness(alerts: readonly Alert[], comesAt: ReadonlyMap<string, number>): number[] {
  return alerts.flatMap((alert) => {
    const at = comesAt.get(titleOf(alert));
    return at === undefined ? [] : [Math.max(0, alert.fired_at - at)];
  });
}

async function listed(place: Place, words: readonly string[]): Promise<Alert[]> {
  const { code, stdout, stderr } = await place.skep([...words, "--json"]);
  // Nothing said is not that nothing fires.
  if (code !== 0) throw new Error(`skep ${words.join(" ")} ended with ${code}: ${stderr}`);
  return stdout
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Alert);
}

/** An alert by its rule and its subject; a program's by its agent. */
function titleOf({ rule, subject }: Alert): string {
  return `${rule} ${subject.replace(/ program \d+$/, "")}`;
}
