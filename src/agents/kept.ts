// Kept: agents that were never started, because one that they come after had failed. Once that one starts anew, so do they.
import type { Charge } from "./charge.ts";
import { revive } from "./charge.ts";
import { type Crew, setState } from "./crew.ts";
import { rejoin } from "./failover.ts";

/** Has those be about to start that the groups of `charges` had kept from it, and those that were kept by these in turn: which they are. */
export async function reviveKept(crew: Crew, charges: readonly Charge[]): Promise<Charge[]> {
  const kept = keptBy([...crew.charges.values()], charges);
  for (const charge of kept) {
    revive(charge);
    void setState(crew, charge, "starting", null);
  }
  for (const charge of kept) await rejoin(crew, charge);
  return kept;
}

function keptBy(all: readonly Charge[], charges: readonly Charge[]): Charge[] {
  const groups = new Set(charges.map(({ member }) => member.group));
  const kept = new Set<Charge>();
  for (let before = -1; before < kept.size;) {
    before = kept.size;
    for (const charge of all) {
      const { group, after = [] } = charge.member;
      if (!charge.kept || charges.includes(charge)) continue;
      if (!after.some((one) => groups.has(one))) continue;
      kept.add(charge);
      groups.add(group);
    }
  }
  return [...kept];
}
