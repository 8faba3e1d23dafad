// Whether a census counted right and lost nothing: one sentence for each thing that is wrong.
import type { Figures } from "./figures.ts";
import { hasFailed, type Results } from "./watch.ts";

/**
 * What is wrong with the work itself; empty when every file has its count and every piece was answered once. The
 * files in `changed` are not compared.
 */
export function judgeWork(results: Results, changed: string[]): string[] {
  const { plan, totals, checked, killed, agents } = results;
  const counts = new Map(plan.files.map((path, file) => [path, totals.counts[file] ?? 0]));
  const expected = new Map(Object.entries(checked.counts));
  const wrong = [...new Set([...counts.keys(), ...expected.keys()]).difference(new Set(changed))]
    .filter((path) => counts.get(path) !== expected.get(path))
    .map(
      (path) => `${path}: counted ${said(counts.get(path))}, should be ${said(expected.get(path))}`,
    );
  const faults = wrong.slice(0, 10);
  if (wrong.length > 10) faults.push(`and ${wrong.length - 10} more files with a wrong count`);

  const lost = plan.pieces - totals.pieces;
  if (lost !== 0) faults.push(`${lost} pieces were not answered`);
  if (totals.answeredTwice > 0) faults.push(`${totals.answeredTwice} answers came twice`);

  const victims = new Set<unknown>(killed.map(({ agent }) => agent));
  for (const agent of agents)
    if (hasFailed(agent) && !victims.has(agent["name"]))
      faults.push(`${agent["name"]} failed, and nobody had killed it`);
  return faults;
}

/** What is wrong with the messages in the database; empty when each of them was acknowledged. */
export function judgeMessages({ sent, acked, dead, deadBecause, conserved }: Figures): string[] {
  const faults = [];
  if (acked !== sent) faults.push(`${sent} messages were sent and ${acked} acknowledged`);
  if (dead > 0) faults.push(`${dead} messages became dead letters: ${deadBecause}`);
  if (!conserved) faults.push("the ledger does not add up");
  return faults;
}

function said(count: number | undefined): string {
  return count === undefined ? "nothing" : String(count);
}
