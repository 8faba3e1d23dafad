// Claims and acks COUNT messages of INBOX, BATCH at most to a transaction, as a host does, and answers when it had done so.
// Usage: bun consume.ts HOME INBOX COUNT BATCH
import type { Delivery } from "../../src/bus/message.ts";
import { receive } from "../../src/bus/receive.ts";
import { ackAllTx } from "../../src/bus/settle.ts";
import type { WriteTx } from "../../src/store/store.ts";
import { closeBenchBus, monotonicMs, openBenchBus } from "../home.ts";
import { answer } from "./parent.ts";

const [home, inbox, countArg, batchArg] = process.argv.slice(2);
const count = Number(countArg);
const bus = await openBenchBus(home!);
const claim = { inbox: inbox!, holder: inbox!, max: Number(batchArg), leaseMs: 60_000 };
let held: Delivery[] = [];
const ackHeld = async (tx: WriteTx) => {
  const receipts = held.map(({ receipt }) => receipt!);
  await ackAllTx(tx, receipts);
};

answer("ready");
for (let done = 0; done < count; done += held.length) {
  const before = held.length > 0 ? ackHeld : undefined;
  held = await receive(bus, { ...claim, waitMs: 60_000, stay: true, before });
}
await bus.store.write(ackHeld);
answer({ endMs: monotonicMs() });
await closeBenchBus(bus);
