// The ledger of a run: where the supervisor of agents, which knows no bus, has its transactions touch it.
import type { Member } from "../agents/charge.ts";
import type { Ledger, Newcomers } from "../agents/shutdown.ts";
import type { Bus } from "../bus/bus.ts";
import { handBack } from "../bus/hand-back.ts";
import { countUnsettled, handover } from "../bus/handover.ts";
import { conservation } from "../bus/inboxes.ts";
import { closeIntake, findDrain, openIntake } from "../bus/intake.ts";
import { holdersAmong } from "../bus/lease.ts";
import { closeAddressBook, createInbox, openAddressBook } from "../bus/ledger.ts";
import { setInboxLimits, setSenderLimits } from "../bus/set-limits.ts";
import type { BusSettings } from "../bus/message.ts";
import { parkAll, unparkAll } from "../bus/park.ts";
import { hasSubscribers } from "../bus/fan-out.ts";
import { publishTx } from "../bus/publish.ts";
import { employInboxes, retireInboxes } from "../bus/retire.ts";
import { clearRoutes, setRoutes } from "../bus/routes.ts";
import { forgetWaiter } from "../bus/waiters.ts";
import type { AgentLimits } from "../config/swarm.ts";
import { SkepError } from "../core/errors.ts";
import { bytesOf } from "../core/text.ts";
import type { ReadTx, WriteTx } from "../store/store.ts";

/** What the bus does in the transactions of a run. When an agent dies, this is where its leases go back. */
export function ledgerOf(bus: Bus): Ledger {
  const takeIn = async (tx: WriteTx, { names, inboxes, addressBook }: Newcomers) => {
    await openAddressBook(tx);
    for (const inbox of new Set(inboxes)) await createInbox(tx, inbox);
    await employInboxes(tx, inboxes);
    // Whoever claimed under the name of an agent before there was one would have its lease renewed by the agent's host.
    for (const name of await holdersAmong(tx, names))
      await handBack(tx, bus.settings, name, "returned", `${name} is an agent now`);
    if (addressBook === "closed") await closeAddressBook(tx);
  };
  return {
    async begin(tx, newcomers) {
      await checkNotDrained(tx);
      await takeIn(tx, newcomers);
      await unparkAll(tx, "run");
      await openIntake(tx);
    },
    takeIn,
    retire: retireInboxes,
    setRoutes,
    async setLimits(tx, members) {
      for (const { name, inbox, limits } of members)
        await setAgentLimits(tx, bus.settings, { name, inbox, limits });
    },
    unsettled: countUnsettled,
    handover: async (tx, given) => (await handover(tx, bus.settings, given)).moved,
    stopIntake: (tx, deadlineTick) => closeIntake(tx, deadlineTick),
    handBack: async (tx, name, reason) =>
      void (await handBack(tx, bus.settings, name, "died", reason)),
    forgetWaiter,
    park: (tx, run, inboxes) => parkAll(tx, bus.settings, run, inboxes),
    async end(tx) {
      await clearRoutes(tx);
      await openIntake(tx);
      await openAddressBook(tx);
    },
    holdersAmong: async (tx, names) => new Set(await holdersAmong(tx, names)),
    async announce(tx, announcements) {
      const topic = "agents.health";
      // Mostly nobody listens, and hundreds may start at once.
      if (!(await hasSubscribers(tx, topic))) return;
      for (const announcement of announcements) {
        const body = bytesOf(JSON.stringify(announcement));
        const publication = { topic, type: `agent.${announcement.state}`, body };
        await publishTx(tx, bus.settings, publication, { from: null, skipFull: true });
      }
    },
    conservation,
  };
}

/** Throws E_DRAINING when the bus is drained: then no swarm can start. */
export async function checkNotDrained(tx: ReadTx): Promise<void> {
  if ((await findDrain(tx)) === undefined) return;
  throw new SkepError("E_DRAINING", "the bus is drained: no swarm can start here", {
    hint: "skep resume opens it again; then skep up.",
  });
}

/** Sets what the swarm file limits of an agent; what it says nothing of stays as it is. */
async function setAgentLimits(
  tx: WriteTx,
  settings: BusSettings,
  { name, inbox, limits }: Pick<Member, "name" | "inbox" | "limits">,
): Promise<void> {
  const { sendsRatePerS, sendsBurst, ...ofInbox } = limits as AgentLimits;
  if (Object.keys(ofInbox).length > 0) await setInboxLimits(tx, settings, inbox, ofInbox);
  if (sendsRatePerS !== undefined)
    await setSenderLimits(tx, name, { ratePerS: sendsRatePerS, burst: sendsBurst });
}
