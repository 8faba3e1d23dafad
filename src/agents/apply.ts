// Applying a plan to a swarm that runs: what is new starts, what is gone stops, what changed starts anew, and
// whatever is as it was does not notice.
import { randomHex } from "../core/ids.ts";
import { type Crew, type SwarmPlan, enlist } from "./crew.ts";
import { arrangementOf } from "./failover.ts";
import type { Done } from "./orders.ts";
import { forgetAgent, registerAgent } from "./registry.ts";
import { checkFence, noteCounts } from "./runs.ts";
import { restartOne } from "./restart-one.ts";
import { startAll } from "./start.ts";
import { stopOne } from "./stop.ts";

/** Makes the crew what `plan` says; resolves when what it has no use for has ended, and the rest is about to start. */
export async function applyPlan(
  crew: Crew,
  plan: SwarmPlan,
  counts: Record<string, number>,
): Promise<Done> {
  const wanted = new Map(plan.members.map((member) => [member.name, member]));
  const added = plan.members.filter(({ name }) => !crew.charges.has(name));
  const removed = [...crew.charges.keys()].filter((name) => !wanted.has(name));
  const changed = [...crew.charges.values()].filter(({ member }) => {
    const now = wanted.get(member.name);
    return now !== undefined && now.signature !== member.signature;
  });
  const tokens = new Map(added.map(({ name }) => [name, randomHex(16)]));
  const { store, ledger } = crew.supervision;
  const run = crew.run.id;
  const heirs = new Map([...crew.heirs].filter((pair) => pair.every((name) => wanted.has(name))));
  const { routes } = arrangementOf({ plan, heirs });
  await store.write(async (tx) => {
    await checkFence(tx, run);
    for (const { name, group, runner, inbox } of added)
      await registerAgent(tx, { name, group, run, runner, inbox, token: tokens.get(name)! });
    const names = added.map(({ name }) => name);
    const inboxes = plan.members.map(({ inbox }) => inbox);
    const { addressBook } = plan;
    await ledger.takeIn(tx, { names, inboxes: [...names, ...inboxes], addressBook });
    await ledger.setRoutes(tx, routes);
    await ledger.setLimits(tx, [
      ...added,
      ...changed.map(({ member }) => wanted.get(member.name)!),
    ]);
    await noteCounts(tx, run, counts);
  });
  Object.assign(crew, { plan, heirs });
  crew.supervision.counts = counts;

  await Promise.all(
    removed.map(async (name) => {
      await stopOne(crew, crew.charges.get(name)!, "gone");
      crew.charges.delete(name);
      await store.write((tx) => forgetAgent(tx, name));
    }),
  );
  for (const charge of changed) {
    charge.member = wanted.get(charge.member.name)!;
    void restartOne(crew, charge);
  }
  const enlisted = added.map((member) => enlist(crew, member, tokens.get(member.name)!));
  void startAll(crew, enlisted);
  const names = (members: readonly { name: string }[]) => members.map(({ name }) => name);
  return {
    agents: names(plan.members),
    added: names(added),
    removed,
    changed: names(changed.map(({ member }) => member)),
    unchanged: plan.members.length - added.length - changed.length,
  };
}
