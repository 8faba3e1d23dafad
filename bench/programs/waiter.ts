// Waits for messages in INBOX and acks each with the next claim, as a host does. The body of a message says when it was sent.
// At every line on stdin it answers what came since the last one, and it ends when stdin does.
// Usage: bun waiter.ts HOME INBOX
import type { Delivery } from "../../src/bus/message.ts";
import { receive } from "../../src/bus/receive.ts";
import { ackAllTx } from "../../src/bus/settle.ts";
import { isSkepError } from "../../src/core/errors.ts";
import type { WriteTx } from "../../src/store/store.ts";
import { closeBenchBus, monotonicMs, openBenchBus } from "../home.ts";
import type { Report } from "../waiters.ts";
import { answer, orders } from "./parent.ts";

const [home, inbox] = process.argv.slice(2);
const bus = await openBenchBus(home!);
const stop = new AbortController();
let report = nothing();

const ended = work();
answer("ready");
for await (const _ of orders()) {
  answer(report);
  report = nothing();
}
stop.abort();
await ended;
await closeBenchBus(bus);

async function work(): Promise<void> {
  const claim = { inbox: inbox!, holder: inbox!, max: 100, leaseMs: 60_000, waitMs: 3_600_000 };
  let held: Delivery[] = [];
  const ackHeld = async (tx: WriteTx) => {
    const receipts = held.map(({ receipt }) => receipt!);
    await ackAllTx(tx, receipts);
    tx.after(() => (report.lastAckMs = monotonicMs()));
  };
  while (!stop.signal.aborted) {
    const before = held.length > 0 ? ackHeld : undefined;
    try {
      held = await receive(bus, { ...claim, stay: true, before, signal: stop.signal });
    } catch (error) {
      if (!isSkepError(error)) throw error;
      report.errors.push(error.code);
      continue;
    }
    const now = monotonicMs();
    for (const { body } of held) report.latenciesMs.push(now - Number(Buffer.from(body)));
  }
}

function nothing(): Report {
  return { latenciesMs: [], lastAckMs: 0, errors: [] };
}
