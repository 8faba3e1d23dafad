// Failover: when a coordinator has failed for good, another one gets its workers and what it has not settled.
import type { WriteTx } from "../store/store.ts";
import type { Charge } from "./charge.ts";
import type { Crew } from "./crew.ts";
import { heirOf, workersOf } from "./teams.ts";
import { type Arrangement, afterHandover, arrange } from "./topology.ts";

/** The arrangement of `crew` as its plan has it, after what its coordinators took over from each other. */
export function arrangementOf({ plan, heirs }: Pick<Crew, "plan" | "heirs">): Arrangement {
  let arrangement = arrange(plan.members, plan.topology);
  for (const [from, to] of heirs)
    arrangement = afterHandover(arrangement, plan.members, { from, to });
  return arrangement;
}

/** Whether the end of `charge` for good is one that others have to make up for. */
export function isLed(crew: Crew, { member }: Charge): boolean {
  return member.role === "coordinator" && arrangementOf(crew).teams.length > 0;
}

/** Hands what the coordinator `charge` leaves to the one with the least to do; nothing happens when there is no other. In the transaction that notes its end. */
export async function failOver(crew: Crew, charge: Charge, tx: WriteTx): Promise<void> {
  const { ledger, events } = crew.supervision;
  const { name, inbox } = charge.member;
  const { teams } = arrangementOf(crew);
  const others = [...crew.charges.values()].filter(
    ({ member, over }) => member.role === "coordinator" && member.name !== name && !over.given,
  );
  const unsettled = await ledger.unsettled(
    tx,
    others.map(({ member }) => member.inbox),
  );
  const heir = heirOf(
    others.map(({ member }) => ({
      name: member.name,
      unsettled: unsettled.get(member.inbox) ?? 0,
      workers: workersOf(teams, member.name),
    })),
  );
  if (heir === undefined) return;
  const { inbox: to } = crew.charges.get(heir)!.member;
  const moved = await ledger.handover(tx, { from: inbox, to, reason: `${name} failed` });
  const heirs = new Map([...crew.heirs, [name, heir]]);
  await ledger.setRoutes(tx, arrangementOf({ plan: crew.plan, heirs }).routes);
  tx.after(() => {
    crew.heirs = heirs;
    events.emit("swarm.handover", { from: name, to: heir, moved });
  });
}

/** Gives the coordinator `name`, which starts again, its own workers back. What was moved stays where it is. */
export async function takeBack(crew: Crew, name: string): Promise<void> {
  if (!crew.heirs.has(name)) return;
  const heirs = new Map([...crew.heirs].filter(([from]) => from !== name));
  const { store, ledger } = crew.supervision;
  const { routes } = arrangementOf({ plan: crew.plan, heirs });
  await store.write((tx) => ledger.setRoutes(tx, routes));
  crew.heirs = heirs;
}
