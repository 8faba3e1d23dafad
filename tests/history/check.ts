// The checker: a history in, every broken promise out. Each check takes time in proportion to the history's length.
import { findDoubleAcks } from "./checks/acks.ts";
import { findTornAcks } from "./checks/atomic.ts";
import { findPartial } from "./checks/batches.ts";
import { findOverfull } from "./checks/bounds.ts";
import { findLeakyDrains } from "./checks/drains.ts";
import { findHoles } from "./checks/durability.ts";
import { findInvented } from "./checks/invented.ts";
import { findDoubleKeys } from "./checks/keys.ts";
import { findOverlaps } from "./checks/leases.ts";
import { findLost } from "./checks/lost.ts";
import { findDisorder } from "./checks/order.ts";
import { findStuck } from "./checks/progress.ts";
import { findDamage } from "./checks/shape.ts";
import { findStale } from "./checks/stale.ts";
import { findSurprises } from "./checks/surprises.ts";
import { findUntimely } from "./checks/times.ts";
import type { Fault, History } from "./history.ts";
import { storyOf } from "./story.ts";

const checks: readonly ((history: History) => Fault[])[] = [
  findLost,
  findInvented,
  findPartial,
  findDoubleAcks,
  findStale,
  findOverlaps,
  findDisorder,
  findTornAcks,
  findDoubleKeys,
  findOverfull,
  findLeakyDrains,
  findStuck,
  findHoles,
  findDamage,
  findUntimely,
  findSurprises,
];

/** Every promise that `history` breaks; none when it keeps them all. */
export function faultsIn(history: History): Fault[] {
  return checks.flatMap((check) => check(history));
}

/** `faults` as people read them, one text for each check: the first with its story, and how many more there are. */
export function reportOf(history: History, faults: readonly Fault[]): string[] {
  return [...Map.groupBy(faults, ({ check }) => check).values()].map((all) => {
    const stories = all.map((fault) => ({ fault, story: storyOf(history, fault) }));
    // The shortest story is the one that is understood first.
    const { fault, story } = stories.slice(0, 20).sort(byLength)[0]!;
    const more = all.length > 1 ? ` (and ${all.length - 1} more)` : "";
    return [`${fault.check}: ${fault.uid ?? ""} ${fault.text}${more}`, ...story].join("\n  ");
  });
}

function byLength(a: { story: string[] }, b: { story: string[] }): number {
  return a.story.length - b.story.length;
}
