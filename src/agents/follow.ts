// Following orders: what `skep restart`, `pause`, `unpause`, `scale` and a second `up` ask of the swarm that runs.
import { SkepError, isSkepError } from "../core/errors.ts";
import { didYouMean } from "../core/names.ts";
import { applyPlan } from "./apply.ts";
import type { Charge } from "./charge.ts";
import type { Crew } from "./crew.ts";
import { insist } from "./insist.ts";
import { type Done, type PlacedOrder, answerOrder, openOrders } from "./orders.ts";
import { setPaused } from "./pause.ts";
import { restartOne } from "./restart-one.ts";
import { runsAlready } from "./runs.ts";

/** Sees to the orders that have come, one after the other, and notes how each went. */
export async function followOrders(crew: Crew): Promise<void> {
  const { store } = crew.supervision;
  for (const order of await store.read((tx) => openOrders(tx, crew.run.id))) {
    if (crew.stopping) return;
    const answer = await follow(crew, order).catch((error: unknown) => {
      if (isSkepError(error)) return error;
      throw error;
    });
    await insist(store, (tx) => answerOrder(tx, order.id, answer), crew.over.signal);
  }
}

async function follow(crew: Crew, { verb, subject, amount }: PlacedOrder): Promise<Done> {
  const { replan, counts } = crew.supervision;
  if (verb === "apply") {
    const plan = await replan(subject, {});
    if (plan.name !== crew.plan.name)
      throw runsAlready({ swarm: crew.plan.name, pid: process.pid });
    return await applyPlan(crew, plan, {});
  }
  if (verb === "scale") {
    checkGroup(crew, subject);
    const wanted = { ...counts, [subject]: amount! };
    return await applyPlan(crew, await replan(crew.plan.file, wanted), wanted);
  }
  const charges = chargesOf(crew, subject);
  if (verb === "restart") await Promise.all(charges.map((charge) => restartOne(crew, charge)));
  else await Promise.all(charges.map((charge) => setPaused(crew, charge, verb === "pause")));
  return { agents: charges.map(({ member }) => member.name) };
}

/** The agent `subject`, or every agent of the group of that name. E_NOT_FOUND when there is neither. */
function chargesOf(crew: Crew, subject: string): Charge[] {
  const one = crew.charges.get(subject);
  if (one !== undefined) return [one];
  const group = [...crew.charges.values()].filter(({ member }) => member.group === subject);
  if (group.length > 0) return group;
  throw unknown(crew, subject, [...crew.charges.keys()]);
}

function checkGroup(crew: Crew, group: string): void {
  if (crew.plan.groups.includes(group)) return;
  throw unknown(crew, group, crew.plan.groups);
}

function unknown({ plan }: Crew, subject: string, known: readonly string[]): SkepError {
  return new SkepError("E_NOT_FOUND", `the swarm ${plan.name} has no ${subject}`, {
    hint: didYouMean(subject, [...known, ...plan.groups]) ?? "skep ps lists its agents.",
  });
}
