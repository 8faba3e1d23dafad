// Clean shape: the database is whole, its ledger says what lies in it, and nothing of the run is left behind.
import type { Fault, History } from "../history.ts";

/** What is wrong with what is left. */
export function findDamage({ state, cut }: History): Fault[] {
  const fault = (text: string) => ({ check: "clean shape", text });
  return [
    ...state.damage.map(fault),
    ...(cut?.damage ?? []).map((text) => fault(`after a power cut: ${text}`)),
  ];
}
