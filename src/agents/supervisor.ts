// The supervisor: starts every agent, sees each end at once, starts again what has failed, and takes the swarm
// down in order.
import { sleep } from "../core/clock.ts";
import { randomHex } from "../core/ids.ts";
import { ownIdentity, pidNamespace } from "../core/identity.ts";
import { takeCare } from "./caretaker.ts";
import { openSignal } from "./charge.ts";
import { type Crew, type Supervision, type SwarmPlan, allOver, enlist, giveUp } from "./crew.ts";
import { followOrders } from "./follow.ts";
import { govern } from "./governor.ts";
import { noteHold } from "./hold.ts";
import { openHosting } from "./hosting.ts";
import { insistent, isPassing } from "./insist.ts";
import { keepLookout } from "./lookout.ts";
import { openRecord } from "./record.ts";
import { forgetEarlierAgents, listAgents, pausedAgents, registerAgent } from "./registry.ts";
import { hear, lose } from "./reports.ts";
import { findRun, noteCounts, openRun } from "./runs.ts";
import { type Summary, finishRun, reapDeadRun } from "./shutdown.ts";
import { startAll, startOne } from "./start.ts";
import { drain } from "./stop.ts";
import { killMarked } from "./survivors.ts";
import { openShelter } from "./strays.ts";
import { arrange } from "./topology.ts";

/** Runs the swarm until it is told to stop or every agent has ended: how it went. E_RUNNING when one runs here already, or somebody else has taken this one over. */
export async function supervise(plan: SwarmPlan, supervision: Supervision): Promise<Summary> {
  await reapDeadRun(supervision);
  const crew = await assemble(plan, supervision);
  const { clock, events } = supervision;
  const run = { id: crew.run.id, mark: crew.run.mark, boot: clock.boot, namespace: pidNamespace() };
  events.emit("swarm.started", {
    swarm: plan.name,
    agents: crew.charges.size,
    home: supervision.home,
  });
  let startTick = clock.tick();
  // The end is written down however long the lock is somebody else's, until it is urgent.
  const insisting = { ...supervision, store: insistent(supervision.store, supervision.urgent) };
  try {
    const started = startAll(crew, [...crew.charges.values()]);
    await Promise.race([
      Promise.all([started, allOver(crew)]),
      toldToStop(crew),
      crew.gaveUp.signal.promise,
    ]);
    startTick = clock.tick();
    if (crew.gaveUp.fault !== undefined) throw crew.gaveUp.fault;
    await drain(crew);
  } catch (error) {
    // Whatever went wrong, nothing that was started stays behind.
    crew.over.abort();
    await killMarked({ run: run.mark });
    await crew.shelter.end(0);
    await finishRun(run, supervision, startTick).catch(() => {});
    throw error;
  }
  // From here on it is not each agent's end that counts, but that nothing is left.
  crew.over.abort();
  await crew.shelter.end(0);
  return await finishRun(run, insisting, startTick, reasonOf(crew));
}

/** Why the swarm could not go on; null when it ended as it was to. */
function reasonOf({ gaveUp, supervision: { signal } }: Crew): string | null {
  if (gaveUp.reason !== undefined) return gaveUp.reason;
  return typeof signal.reason === "string" ? signal.reason : null;
}

/** Opens the run and takes every agent of `plan` into its crew. */
async function assemble(plan: SwarmPlan, supervision: Supervision): Promise<Crew> {
  const { home, store, clock, events, ledger, skep, guardianPid = null, counts } = supervision;
  const { name: swarm, file, members } = plan;
  const mark = randomHex(16);
  const { routes } = arrange(members, plan.topology);
  const tokens = new Map(members.map(({ name }) => [name, randomHex(16)]));
  let paused: ReadonlySet<string> = new Set();
  const id = await store.write(async (tx) => {
    if (supervision.again) paused = await pausedAgents(tx);
    const place = { boot: clock.boot, namespace: pidNamespace(), guardianPid };
    const run = await openRun(tx, { swarm, file, mark, ...place, ...ownIdentity() });
    const before = (await listAgents(tx)).flatMap(({ name, inbox }) => [name, inbox]);
    for (const { name, group, runner, inbox } of members)
      await registerAgent(tx, {
        name,
        group,
        run,
        runner,
        inbox,
        token: tokens.get(name)!,
        paused: paused.has(name),
      });
    await forgetEarlierAgents(tx, run);
    await noteCounts(tx, run, counts);
    if (supervision.settings.governor.mode === "on")
      await noteHold(tx, run, { level: 100, cause: null, reason: null });
    const names = members.map(({ name }) => name);
    const inboxes = [...names, ...members.map(({ inbox }) => inbox)];
    await ledger.begin(tx, { names, inboxes, addressBook: plan.addressBook });
    // Whoever was there in an earlier run and is not any more was removed from the file, or is another swarm's.
    await ledger.retire(tx, [...new Set(before).difference(new Set(inboxes))]);
    await ledger.setRoutes(tx, routes);
    await ledger.setLimits(tx, members);
    return run;
  });
  const over = new AbortController();
  const crew: Crew = {
    run: { id, mark },
    supervision,
    plan,
    takeovers: [],
    charges: new Map(),
    hosting: openHosting({
      home,
      skep,
      common: { SKEP_HOME: home, SKEP_RUN: mark },
      onReport: (host, report) => hear(crew, host, report),
      onSaid: (agents, text) =>
        events.emit("agent.said", { name: [...agents][0] ?? "a host", text }),
      onGone: (gone) => lose(crew, gone).catch((error: unknown) => giveUp(crew, error)),
    }),
    record: openRecord({
      store,
      run: id,
      announce: (tx, announcements) => ledger.announce(tx, announcements),
      failed: (fault) => giveUp(crew, fault),
      over: over.signal,
    }),
    shelter: openShelter(),
    start: (charge) => startOne(crew, charge),
    stopping: false,
    over,
    changed: openSignal(),
    silenced: new Map(),
    awakeTick: clock.tick(),
    vitalsStore: undefined,
    vitalsTick: 0,
    copiedTick: new Map(),
    heldTo: 100,
    startTick: clock.tick(),
    restartTicks: [],
    gaveUp: { signal: openSignal() },
    nextSlot: 1,
  };
  for (const member of members)
    enlist(crew, member, tokens.get(member.name)!).paused = paused.has(member.name);
  void keepLookout(crew);
  void takeCare(crew);
  void govern(crew).catch((error: unknown) => giveUp(crew, error));
  void followOrders(crew).catch((error: unknown) => giveUp(crew, error));
  return crew;
}

/** Resolves when a signal or a row says that the swarm is to stop. */
async function toldToStop({ run, supervision: { signal, store } }: Crew): Promise<void> {
  // `skep down` leaves its wish in the run's row and then sends SIGTERM; a signal that is lost is made up for here.
  while (!signal.aborted) {
    await sleep(2_000, signal);
    try {
      const now = await store.read((tx) => findRun(tx, run.id));
      // Whoever ended it need not have asked; the drain finds that out.
      if (now?.stopAskedAt != null || now?.state === "stopped") return;
    } catch (error) {
      if (!isPassing(error)) throw error;
    }
  }
}
