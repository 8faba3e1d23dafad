// Applying a plan to a swarm that runs: what is new starts, what is gone stops, what changed starts anew, and
// whatever is as it was does not notice.
import { randomHex } from "../core/ids.ts";
import type { WriteTx } from "../store/store.ts";
import type { Charge, Member } from "./charge.ts";
import { type Crew, type SwarmPlan, enlist, giveUp } from "./crew.ts";
import { arrangementOf, failOver, isLed, rejoin, takeoversAmong } from "./failover.ts";
import { insist } from "./insist.ts";
import { reviveKept } from "./kept.ts";
import type { Done, Left } from "./orders.ts";
import { forgetAgent, registerAgent } from "./registry.ts";
import { checkFence, noteCounts } from "./runs.ts";
import { restartOne } from "./restart-one.ts";
import { startAll } from "./start.ts";
import { stopOne } from "./stop.ts";

/** Makes the crew what `plan` says; resolves when what it has no use for has ended, and the rest is about to start. `keep` is called once that is committed. */
export async function applyPlan(
  crew: Crew,
  plan: SwarmPlan,
  counts: Record<string, number>,
  keep: () => void,
): Promise<Done> {
  const wanted = new Map(plan.members.map((member) => [member.name, member]));
  const added = plan.members.filter(({ name }) => !crew.charges.has(name));
  const removed = [...crew.charges.keys()].filter((name) => !wanted.has(name));
  const changed = [...crew.charges.values()].filter(({ member }) => {
    const now = wanted.get(member.name);
    return now !== undefined && now.signature !== member.signature;
  });
  const inboxesBefore = inboxesOf([...crew.charges.values()].map(({ member }) => member));
  const tokens = new Map(added.map(({ name }) => [name, randomHex(16)]));
  const { store, ledger } = crew.supervision;
  const run = crew.run.id;
  const before = arrangementOf(crew);
  const now = await store.write(async (tx) => {
    await checkFence(tx, run);
    for (const { name, group, runner, inbox } of added)
      await registerAgent(tx, { name, group, run, runner, inbox, token: tokens.get(name)! });
    const names = added.map(({ name }) => name);
    const inboxes = plan.members.map(({ inbox }) => inbox);
    const { addressBook } = plan;
    await ledger.takeIn(tx, { names, inboxes: [...names, ...inboxes], addressBook });
    const takeovers = takeoversAmong(crew.takeovers, plan.members, new Set(names));
    const arrangement = arrangementOf({ plan, takeovers });
    await ledger.setRoutes(tx, arrangement.routes);
    await ledger.setLimits(tx, [
      ...added,
      ...changed.map(({ member }) => wanted.get(member.name)!),
    ]);
    await noteCounts(tx, run, counts);
    tx.after(() => {
      Object.assign(crew, { plan, takeovers });
      keep();
    });
    return arrangement;
  });
  crew.supervision.counts = counts;

  // Before anybody goes: a crew of which nobody is left, not even to start, has ended.
  const enlisted = added.map((member) => enlist(crew, member, tokens.get(member.name)!));
  await Promise.all(removed.map((name) => remove(crew, crew.charges.get(name)!)));
  for (const charge of changed) {
    charge.member = wanted.get(charge.member.name)!;
    restartOne(crew, charge).catch((error: unknown) => giveUp(crew, error));
  }
  for (const charge of enlisted) await rejoin(crew, charge);
  const again = await reviveKept(crew, [...changed, ...enlisted]);
  void startAll(crew, [...enlisted, ...again]);
  const touched = new Set([...changed, ...enlisted, ...again]);
  const failed = [...crew.charges.values()].filter(
    (charge) => !touched.has(charge) && (charge.state === "failed" || charge.state === "dead"),
  );
  const names = (members: readonly { name: string }[]) => members.map(({ name }) => name);
  const namesOf = (charges: readonly Charge[]) => names(charges.map(({ member }) => member));
  return {
    agents: names(plan.members),
    added: names(added),
    removed,
    changed: namesOf(changed),
    again: namesOf(again),
    unchanged: plan.members.length - added.length - changed.length - again.length,
    failed: namesOf(failed),
    left: await leftIn(crew, inboxesBefore.difference(inboxesOf(plan.members))),
    ...(before.topology !== now.topology && {
      topology: { now: now.topology, before: before.topology, why: now.why },
    }),
  };
}

/** Has `charge` finish what it holds and be there no more; what a coordinator leaves is handed over. An inbox that nobody works on any more takes nothing from then on. */
async function remove(crew: Crew, charge: Charge): Promise<void> {
  await stopOne(crew, charge, "gone");
  const { name } = charge.member;
  crew.charges.delete(name);
  const { store, ledger } = crew.supervision;
  const forget = async (tx: WriteTx) => {
    await checkFence(tx, crew.run.id);
    if (isLed(crew, charge)) await failOver(crew, charge, tx, "is not wanted any more");
    await forgetAgent(tx, name);
    const inboxes = inboxesOf([charge.member]).difference(inboxesOf(crew.plan.members));
    await ledger.retire(tx, [...inboxes]);
  };
  // Half of a plan is none: those that are to come after would never be started.
  await insist(store, forget, crew.over.signal);
}

function inboxesOf(members: readonly Member[]): Set<string> {
  return new Set(members.flatMap(({ name, inbox }) => [name, inbox]));
}

/** What nobody has settled in `inboxes`, which no agent works on any more. */
async function leftIn({ supervision }: Crew, inboxes: ReadonlySet<string>): Promise<Left[]> {
  if (inboxes.size === 0) return [];
  const { store, ledger } = supervision;
  const counts = await store.read((tx) => ledger.unsettled(tx, [...inboxes]));
  return [...counts]
    .filter(([, messages]) => messages > 0)
    .map(([inbox, messages]) => ({ inbox, messages }));
}
