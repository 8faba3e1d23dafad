// Works on the messages of INBOX, 10 at a time and WORK_MS on each ten, as a host does, and answers at every line how many it has acked.
// Usage: bun overload-work.ts HOME INBOX WORK_MS
import type { Delivery } from "../../src/bus/message.ts";
import { receive } from "../../src/bus/receive.ts";
import { ackAllTx } from "../../src/bus/settle.ts";
import { sleep } from "../../src/core/clock.ts";
import type { WriteTx } from "../../src/store/store.ts";
import { closeBenchBus, openBenchBus } from "../home.ts";
import { answer, orders } from "./parent.ts";

const [home, inbox, workMs] = process.argv.slice(2);
const bus = await openBenchBus(home!);
const stop = new AbortController();
let acked = 0;
answer("ready");

const ended = work();
for await (const _ of orders()) answer(acked);
stop.abort();
await ended;
await closeBenchBus(bus);

async function work(): Promise<void> {
  const claim = { inbox: inbox!, holder: inbox!, max: 10, leaseMs: 60_000, waitMs: 3_600_000 };
  let held: Delivery[] = [];
  const ackHeld = async (tx: WriteTx) => {
    const receipts = held.map(({ receipt }) => receipt!);
    await ackAllTx(tx, receipts);
    tx.after(() => (acked += receipts.length));
  };
  while (!stop.signal.aborted) {
    const before = held.length > 0 ? ackHeld : undefined;
    held = await receive(bus, { ...claim, stay: true, before, signal: stop.signal });
    if (held.length > 0) await sleep(Number(workMs));
  }
}
