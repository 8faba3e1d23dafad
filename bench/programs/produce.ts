// Sends COUNT messages to INBOX, BATCH to a transaction, and answers when it began.
// Usage: bun produce.ts HOME INBOX COUNT BATCH
import { send, sendBatch } from "../../src/bus/send.ts";
import { body, closeBenchBus, monotonicMs, openBenchBus } from "../home.ts";
import { answer } from "./parent.ts";

const [home, inbox, countArg, batchArg] = process.argv.slice(2);
const count = Number(countArg);
const batch = Number(batchArg);
const bus = await openBenchBus(home!);
const sending = { from: null, onFull: "wait", timeoutMs: 5_000 } as const;
const draft = { to: inbox!, body };
const drafts = Array.from({ length: batch }, () => draft);

const startMs = monotonicMs();
for (let sent = 0; sent < count; sent += batch) {
  if (batch === 1) await send(bus, draft, sending);
  else await sendBatch(bus, drafts, { ...sending, atomic: false });
}
await closeBenchBus(bus);
answer({ startMs });
