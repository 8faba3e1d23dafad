// Following orders: what `skep restart`, `pause`, `unpause`, `scale` and a second `up` ask of the swarm that runs.
import { sleep } from "../core/clock.ts";
import { SkepError, isSkepError } from "../core/errors.ts";
import { didYouMean } from "../core/names.ts";
import { applyPlan } from "./apply.ts";
import type { Charge } from "./charge.ts";
import { type Crew, giveUp } from "./crew.ts";
import { insist, isPassing } from "./insist.ts";
import { reviveKept } from "./kept.ts";
import { type Done, type PlacedOrder, answerOrder, openOrders, takeOrder } from "./orders.ts";
import { setPaused } from "./pause.ts";
import { restartOne } from "./restart-one.ts";
import { runsAlready } from "./runs.ts";
import { startAll } from "./start.ts";

const lookEveryMs = 250;

/** Sees to the orders that come, until the run of `crew` is over, and notes how each went. An agent that takes its time holds up nobody else's order. */
export async function followOrders(crew: Crew): Promise<void> {
  const { over } = crew;
  const inHand = new Set<number>();
  let lastChange: Promise<unknown> = Promise.resolve();
  while (!over.signal.aborted) {
    await sleep(lookEveryMs, over.signal);
    if (over.signal.aborted || crew.stopping) return;
    const orders = await placedOrders(crew);
    for (const order of orders) {
      if (inHand.has(order.id)) continue;
      inHand.add(order.id);
      // Two plans at once would be neither.
      const isPlan = order.verb === "apply" || order.verb === "scale";
      const before = isPlan ? lastChange : Promise.resolve();
      const done = before.then(() => answer(crew, order)).finally(() => inHand.delete(order.id));
      if (isPlan) lastChange = done;
      done.catch((error: unknown) => giveUp(crew, error));
    }
  }
}

/** The orders that nobody has seen to; none while the database cannot be read. */
async function placedOrders({ run, supervision }: Crew): Promise<PlacedOrder[]> {
  try {
    return await supervision.store.read((tx) => openOrders(tx, run.id));
  } catch (error) {
    if (!isPassing(error)) throw error;
    return [];
  }
}

async function answer(crew: Crew, order: PlacedOrder): Promise<void> {
  // Whoever asked takes it back.
  if (crew.stopping) return;
  const { store } = crew.supervision;
  // Whoever asked may have taken it back while we were stopped.
  const taken = await insist(store, (tx) => takeOrder(tx, order.id), crew.over.signal);
  if (!taken) return;
  const outcome = await follow(crew, order).catch((error: unknown) => {
    if (isSkepError(error)) return error;
    throw error;
  });
  await insist(store, (tx) => answerOrder(tx, order.id, outcome), crew.over.signal);
}

async function follow(crew: Crew, { verb, subject, amount }: PlacedOrder): Promise<Done> {
  const { replan, counts } = crew.supervision;
  if (verb === "apply") {
    const { plan, keep } = await replan({ file: subject, counts: {}, anew: true });
    if (plan.name !== crew.plan.name)
      throw runsAlready({ swarm: crew.plan.name, pid: process.pid });
    return await applyPlan(crew, plan, {}, keep);
  }
  if (verb === "scale") {
    checkGroup(crew, subject);
    const wanted = { ...counts, [subject]: amount! };
    const { plan, keep } = await replan({ file: crew.plan.file, counts: wanted, anew: false });
    return await applyPlan(crew, plan, wanted, keep);
  }
  const charges = chargesOf(crew, subject);
  const agents = charges.map(({ member }) => member.name);
  if (verb !== "restart") {
    await Promise.all(charges.map((charge) => setPaused(crew, charge, verb === "pause")));
    return { agents };
  }
  await Promise.all(charges.map((charge) => restartOne(crew, charge)));
  const again = await reviveKept(crew, charges);
  void startAll(crew, again);
  return { agents, again: again.map(({ member }) => member.name) };
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
