// Useless hosts: a host is kept for the next start of its agents, unless there will be none, or it is not for them any more.
import type { Charge } from "./charge.ts";
import type { Crew } from "./crew.ts";
import { labelOf } from "./hosting.ts";

/** Ends the hosts of `label` that nobody is in, if nobody that is about to start would be handed to them. */
export function endUselessHosts({ charges, hosting }: Crew, label: string): void {
  const isForThem = (charge: Charge) => !charge.over.given && labelOf(charge) === label;
  const areWanted = [...charges.values()].some(isForThem);
  for (const host of hosting.hosts())
    if (host.label === label && host.agents.size === 0 && !(areWanted && hosting.isOpen(host)))
      host.end();
}

/** Ends the host that `charge`, which rests, has for itself: the next one reads the settings anew. One that it shares goes on. */
export function endOwnHost({ hosting }: Crew, charge: Charge): void {
  if (charge.member.pool !== undefined) return;
  for (const host of hosting.hosts()) if (host.label === labelOf(charge)) host.end();
}
