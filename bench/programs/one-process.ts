// Sends and claims in one process, on 100 inboxes, and answers how many of each it does in a second.
// Usage: bun one-process.ts HOME COUNT BATCHES
import type { Delivery } from "../../src/bus/message.ts";
import { receive } from "../../src/bus/receive.ts";
import { send, sendBatch } from "../../src/bus/send.ts";
import { ackAllTx } from "../../src/bus/settle.ts";
import { elapsedMs } from "../../src/core/clock.ts";
import type { WriteTx } from "../../src/store/store.ts";
import { body, closeBenchBus, openBenchBus } from "../home.ts";
import { answer } from "./parent.ts";

const [home, countArg, batchesArg] = process.argv.slice(2);
const count = Number(countArg);
const batches = Number(batchesArg);
const bus = await openBenchBus(home!);
const sending = { from: null, onFull: "fail", timeoutMs: 0 } as const;
const inboxAt = (i: number) => `a${i % 100}`;

const claim = (inbox: string, max: number, before?: (tx: WriteTx) => Promise<void>) =>
  receive(bus, { inbox, holder: null, max, leaseMs: 60_000, waitMs: 0, before });
const ackAll = (deliveries: Delivery[]) => async (tx: WriteTx) => {
  const receipts = deliveries.map(({ receipt }) => receipt!);
  await ackAllTx(tx, receipts);
};

const sendOne = await perSecond(count, async () => {
  for (let i = 0; i < count; i++) await send(bus, { to: inboxAt(i), body }, sending);
});

// As a host does it: the ack goes with the next claim.
const claimAckOne = await perSecond(count / 2, async () => {
  let held: Delivery[] = [];
  for (let i = 0; i < count / 2; i++) held = await claim(inboxAt(i), 1, ackAll(held));
  await bus.store.write(ackAll(held));
});

const claimThenAckOne = await perSecond(count / 2, async () => {
  for (let i = 0; i < count / 2; i++) await bus.store.write(ackAll(await claim(inboxAt(i), 1)));
});

const everyone = Array.from({ length: 100 }, (_, i) => ({ to: inboxAt(i), body }));
const sendMany = await perSecond(batches * 100, async () => {
  for (let i = 0; i < batches; i++) await sendBatch(bus, everyone, { ...sending, atomic: false });
});

const claimAckMany = await perSecond(batches * 100, async () => {
  let held: Delivery[] = [];
  for (let i = 0; i === 0 || held.length > 0; i++)
    held = await claim(inboxAt(i), 100, ackAll(held));
});

const left = await bus.store.read((tx) =>
  tx.get<{ count: number }>("select count(*) as count from deliveries"),
);
if (left!.count !== 0) throw new Error(`${left!.count} deliveries are left`);
await closeBenchBus(bus);
answer({ sendOne, claimAckOne, claimThenAckOne, sendMany, claimAckMany });

async function perSecond(many: number, work: () => Promise<void>): Promise<number> {
  const start = elapsedMs();
  await work();
  return (many / (elapsedMs() - start)) * 1000;
}
