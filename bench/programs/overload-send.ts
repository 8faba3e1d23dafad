// Sends to INBOX until it is told to stop: PER_S times a second, or as fast as it can when that is 0; a full inbox it waits for, or
// takes the refusal. At the line "look" it answers what memory it has; at the end, how many were sent and refused.
// Usage: bun overload-send.ts HOME INBOX wait|fail PER_S
import { send } from "../../src/bus/send.ts";
import { elapsedMs, sleep } from "../../src/core/clock.ts";
import { isSkepError } from "../../src/core/errors.ts";
import { body, closeBenchBus, openBenchBus } from "../home.ts";
import type { Sender } from "../overload.ts";
import { answer, orders } from "./parent.ts";

const [home, inbox, onFull, perSArg] = process.argv.slice(2);
const perS = Number(perSArg);
const bus = await openBenchBus(home!);
const stop = new AbortController();
const { signal } = stop;
let sent = 0;
let refused = 0;
answer("ready");

const ended = work();
for await (const order of orders()) {
  if (order === "stop") break;
  answer(memoryMiB());
}
stop.abort();
await ended;
answer({ sent, refused, memoryMiB: memoryMiB() } satisfies Sender);
await closeBenchBus(bus);

async function work(): Promise<void> {
  const options = { from: null, onFull: onFull as "wait" | "fail", timeoutMs: 5_000, signal };
  const start = elapsedMs();
  for (let n = 0; !signal.aborted; n++) {
    try {
      await send(bus, { to: inbox!, body }, options);
      sent++;
    } catch (error) {
      if (!isSkepError(error, "E_FULL", "E_BUSY")) throw error;
      if (error.code === "E_FULL") refused++;
    }
    const aheadMs = perS === 0 ? 0 : start + (n * 1_000) / perS - elapsedMs();
    if (aheadMs > 0) await sleep(aheadMs, signal);
    else if (n % 100 === 99) await sleep(0);
  }
}

function memoryMiB(): number {
  return process.memoryUsage.rss() / 2 ** 20;
}
