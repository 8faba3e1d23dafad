// Writes as fast as it can: sends to the inbox INBOX and takes it out again, one message to a transaction, until it is killed.
// Usage: bun writer.ts HOME INBOX
import { openApp } from "../../../src/app.ts";
import { receive } from "../../../src/bus/receive.ts";
import { send } from "../../../src/bus/send.ts";
import { ackAllTx } from "../../../src/bus/settle.ts";
import { loadSettings } from "../../../src/config/load.ts";
import { bytesOf } from "../../../src/core/text.ts";

const [home, inbox] = process.argv.slice(2) as [string, string];
const { bus } = await openApp(home, await loadSettings(home), []);
const body = bytesOf("x".repeat(256));
const claim = { inbox, holder: null, max: 1, leaseMs: 60_000, waitMs: 0 };
for (;;) {
  try {
    await send(bus, { to: inbox, body }, { from: null, onFull: "fail", timeoutMs: 0 });
    const receipts = (await receive(bus, claim)).map(({ receipt }) => receipt!);
    await bus.store.write(async (tx) => {
      await ackAllTx(tx, receipts);
    });
  } catch {
    // With so many of its kind it may be refused now and then.
  }
}
