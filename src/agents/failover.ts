// Failover: when a coordinator has failed for good, or is not wanted any more, another one gets its workers and what it
// has not settled.
import type { WriteTx } from "../store/store.ts";
import type { Charge } from "./charge.ts";
import type { Crew } from "./crew.ts";
import { insist } from "./insist.ts";
import { checkFence } from "./runs.ts";
import { heirOf, workersOf } from "./teams.ts";
import { type Arrangement, type Lead, type Takeover, afterHandover, arrange } from "./topology.ts";

/** The arrangement of `crew` as its plan has it, after what its coordinators took over from each other. */
export function arrangementOf({ plan, takeovers }: Pick<Crew, "plan" | "takeovers">): Arrangement {
  return takeovers.reduce(
    (arrangement, takeover) => afterHandover(arrangement, plan.members, takeover),
    arrange(plan.members, plan.topology),
  );
}

/** Whether the end of `charge` for good is one that others have to make up for. */
export function isLed(crew: Crew, { member }: Charge): boolean {
  return member.role === "coordinator" && arrangementOf(crew).teams.length > 0;
}

/**
 * Hands what the coordinator `charge`, which has ended for good, leaves to the one with the least to do; nothing happens when there is no
 * other, or that was done before. In the transaction that notes its end, or in a later one. `why` goes on after its name.
 */
export async function failOver(
  crew: Crew,
  charge: Charge,
  tx: WriteTx,
  why = "failed",
): Promise<void> {
  const { plan } = crew;
  const { ledger, events } = crew.supervision;
  const { name, inbox } = charge.member;
  const takeovers = takeoversIn(crew, tx);
  // Somebody may have started it anew before its end could be noted.
  if (!charge.over.given || takeovers.some(({ from }) => from.name === name)) return;
  const { teams } = arrangementOf({ plan, takeovers });
  const others = plan.members.filter(
    (member) =>
      member.role === "coordinator" &&
      member.name !== name &&
      crew.charges.get(member.name)?.over.given === false,
  );
  const unsettled = await ledger.unsettled(
    tx,
    others.map((other) => other.inbox),
  );
  const heir = heirOf(
    others.map((other) => ({
      name: other.name,
      unsettled: unsettled.get(other.inbox) ?? 0,
      workers: workersOf(teams, other.name),
    })),
  );
  if (heir === undefined) return;
  const to = others.find((other) => other.name === heir)!;
  const moved = await ledger.handover(tx, { from: inbox, to: to.inbox, reason: `${name} ${why}` });
  const takeover = { from: { name, inbox }, to: { name: heir, inbox: to.inbox } };
  await setTakeovers(crew, tx, [...takeovers, takeover]);
  tx.after(() => events.emit("swarm.handover", { from: name, to: heir, moved }));
}

/**
 * Gives the coordinator `charge`, which starts again, its own workers back, and what others left when nobody could take over from them.
 * What was moved stays where it is.
 */
export async function rejoin(crew: Crew, charge: Charge): Promise<void> {
  if (!isLed(crew, charge)) return;
  const { name } = charge.member;
  const giveBack = async (tx: WriteTx) => {
    await checkFence(tx, crew.run.id);
    const before = takeoversIn(crew, tx);
    const left = before.filter(({ from }) => from.name !== name);
    if (left.length < before.length) await setTakeovers(crew, tx, left);
    await adopt(crew, tx);
  };
  // It is said to be about to start, and would never be.
  await insist(crew.supervision.store, giveBack, crew.over.signal);
}

/** Hands over what coordinators left when there was nobody to take over from them, as soon as somebody lives. */
export async function adopt(crew: Crew, tx: WriteTx): Promise<void> {
  for (const charge of crew.charges.values())
    if (charge.over.given && charge.state !== "stopped" && isLed(crew, charge))
      await failOver(crew, charge, tx);
}

/** What is left of `takeovers` once the swarm is to have these `members`, of which those in `added` are new. */
export function takeoversAmong(
  takeovers: readonly Takeover[],
  members: readonly Lead[],
  added: ReadonlySet<string>,
): Takeover[] {
  const wanted = new Set(members.map(({ name }) => name));
  const inboxes = new Set(members.map(({ inbox }) => inbox));
  const kept = takeovers.filter(
    ({ from: { name, inbox } }) => !added.has(name) && (wanted.has(name) || !inboxes.has(inbox)),
  );
  // Whoever took over and is not wanted either hands all of it on when it has ended.
  const isHeld = ({ to }: Takeover): boolean =>
    wanted.has(to.name) || kept.some((next) => next.from.name === to.name && isHeld(next));
  return kept.filter(isHeld);
}

// Several may end in one transaction, and each has to see what came of those before it.
const noted = new WeakMap<WriteTx, readonly Takeover[]>();

function takeoversIn(crew: Crew, tx: WriteTx): readonly Takeover[] {
  return noted.get(tx) ?? crew.takeovers;
}

async function setTakeovers(
  crew: Crew,
  tx: WriteTx,
  takeovers: readonly Takeover[],
): Promise<void> {
  const { routes } = arrangementOf({ plan: crew.plan, takeovers });
  await crew.supervision.ledger.setRoutes(tx, routes);
  noted.set(tx, takeovers);
  tx.after(() => (crew.takeovers = takeovers));
}
