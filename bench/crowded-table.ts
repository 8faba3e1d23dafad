// What a claim costs when a million messages have ended and a hundred thousand are held back, beside an empty bus.
import type { Bus } from "../src/bus/bus.ts";
import { conservation } from "../src/bus/inboxes.ts";
import { createInbox } from "../src/bus/ledger.ts";
import { receive } from "../src/bus/receive.ts";
import { sendBatch } from "../src/bus/send.ts";
import { ackAllTx } from "../src/bus/settle.ts";
import type { Bench } from "./bench.ts";
import type { Figure } from "./figure.ts";
import { body, closeBenchBus, monotonicMs, openBenchBus, withHome } from "./home.ts";

const inbox = "crowded";

export const crowdedTable: Bench = {
  name: "crowded-table",
  summary:
    "a claim with 10⁶ rows of history and dead letters, and 10⁵ leased and delayed in the same inbox",
  async run({ rounds, small, say }) {
    return await withHome(async (emptyHome) =>
      withHome(async (crowdedHome) => {
        const empty = await openBenchBus(emptyHome);
        const crowded = await openBenchBus(crowdedHome);
        say("filling the tables");
        await fill(crowded, small ? 1_100 : 1_100_000);
        const count = small ? 20 : 1_000;
        const figure: Figure = {
          name: "claim",
          unit: "µs",
          wanted: "less",
          ours: [],
          reference: { name: "empty bus", values: [] },
          target: { of: "ratio", limit: 1.5 },
        };
        // Statements are prepared and code is compiled before anything is measured.
        await claimUs([crowded, empty], count);
        for (let round = 1; round <= rounds; round++) {
          say(`round ${round} of ${rounds}`);
          const [ours, theirs] = await claimUs([crowded, empty], count);
          figure.ours.push(ours!);
          figure.reference!.values.push(theirs!);
        }
        await closeBenchBus(crowded);
        await closeBenchBus(empty);
        return [figure];
      }),
    );
  },
};

/** Microseconds that a claim of one delivery takes on each of `buses`, in turn, of the `count` that are ready at first. */
async function claimUs(buses: readonly Bus[], count: number): Promise<number[]> {
  const drafts = Array.from({ length: count }, () => ({ to: inbox, body }));
  for (const bus of buses)
    await sendBatch(bus, drafts, { from: null, onFull: "fail", timeoutMs: 0, atomic: false });
  const spentMs = buses.map(() => 0);
  const claim = { inbox, holder: "somebody", max: 1, leaseMs: 60_000, waitMs: 0 };
  for (let i = 0; i < count; i++)
    for (const [index, bus] of buses.entries()) {
      const start = monotonicMs();
      const [claimed] = await receive(bus, claim);
      spentMs[index]! += monotonicMs() - start;
      await bus.store.write((tx) => ackAllTx(tx, [claimed!.receipt!]));
    }
  return spentMs.map((ms) => (ms / count) * 1000);
}

/** Fills `bus` with `count` messages: of eleven five were acked, five are dead, and one is leased or delayed. */
async function fill({ store }: Bus, count: number): Promise<void> {
  const atOnce = 110_000;
  await store.write((tx) => createInbox(tx, inbox));
  for (let first = 1; first <= count; first += atOnce) {
    const range = { first, last: Math.min(count, first + atOnce - 1) };
    const numbers = `with recursive numbers (id) as
      (select $first union all select id + 1 from numbers where id < $last)`;
    await store.write(async (tx) => {
      const { now } = tx;
      // Held back for longer than the measuring takes.
      const later = tx.tick + 86_400_000;
      await tx.run(
        `${numbers} insert into messages (id, priority, sent_at, body) select id, 4, $now, $body from numbers`,
        { ...range, now, body },
      );
      await tx.run(
        `${numbers} insert into history
           (delivery_id, message_id, inbox, outcome, attempt, epoch, nonce, holder, claimed_at, ended_at)
         select id, id, $inbox, 'acked', 1, 1, 4711, 'somebody', $now, $now from numbers where id % 11 < 5`,
        { ...range, inbox, now },
      );
      await tx.run(
        `${numbers} insert into dead_letters
           (delivery_id, message_id, inbox, reason, attempt, epoch, priority, bytes, holder, died_at)
         select id, id, $inbox, 'gave up', 5, 5, 4, $bytes, 'somebody', $now
           from numbers where id % 11 between 5 and 9`,
        { ...range, inbox, now, bytes: body.length },
      );
      await tx.run(
        `${numbers} insert into deliveries
           (id, message_id, inbox, state, priority, bytes, owes_reply, attempt, epoch, nonce, holder, lease_tick, due_tick)
         select id, id, $inbox, iif(id % 2, 'leased', 'delayed'), 4, $bytes, 0, 1, 1, 4711, 'somebody',
                iif(id % 2, $later, null), iif(id % 2, null, $later)
           from numbers where id % 11 = 10`,
        { ...range, inbox, later, bytes: body.length },
      );
    });
  }
  await store.write(async (tx) => {
    await tx.run(
      `update ledger set
         acked = (select count(*) from history), dead = (select count(*) from dead_letters),
         leased = (select count(*) from deliveries where state = 'leased'),
         delayed = (select count(*) from deliveries where state = 'delayed'),
         sent = (select count(*) from messages), bytes = (select sum(bytes) from deliveries)
       where inbox = $inbox`,
      { inbox },
    );
  });
  await store.checkpoint();
  const sums = await store.read(conservation);
  if (!sums.holds || sums.in !== count)
    throw new Error(`the ledger does not add up: ${JSON.stringify(sums)}`);
}
