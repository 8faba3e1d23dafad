// The end of a run: whatever is still to be done is done, and that it can be shows that nothing got stuck.
import { setTimeout as sleep } from "node:timers/promises";
import type { Bus } from "../../src/bus/bus.ts";
import { retain } from "../../src/bus/retain.ts";
import { bodyOf } from "./body.ts";
import { perform } from "./clients/perform.ts";
import type { Args } from "./event.ts";
import type { Finish } from "./history.ts";
import { type Recorder, nowMs } from "./record.ts";
import { type Shape, keptInbox } from "./shape.ts";

const name = "finish";

/** Claims and acks all there is, and at last drains the bus and opens it again: how long the first took. */
export async function finishAll(bus: Bus, recorder: Recorder, shape: Shape): Promise<Finish> {
  const call = (op: string, args: Args = {}) =>
    recorder.call(op, args, () => perform(bus, name, { op, args }));
  await call("resume");
  const startMs = nowMs();
  // As long as there is less and less of it, it only takes its time.
  const boundMs = 2 * shape.leaseMs + 300_000;
  // When nothing comes of so many rounds nothing ever will.
  const idle = { rounds: 0, sinceMs: startMs };
  const isStuck = () => idle.rounds >= 50 && nowMs() > idle.sinceMs + 2 * shape.leaseMs + 2_000;
  const isOver = () => isStuck() || nowMs() >= startMs + boundMs;
  let left = await leftIn(bus);
  // One more round is begun when the time is over: whoever was put off till then has tried nothing for long.
  for (let wasOver = false; left > 0 && !(wasOver && isOver());) {
    wasOver = isOver();
    let count = 0;
    for (const inbox of shape.inboxes) {
      const claim = { inbox, max: 50, leaseMs: shape.leaseMs, waitMs: 0 };
      const { result } = await call("claim", { claim });
      const receipts = (result.got ?? []).map(({ receipt }) => receipt);
      count += receipts.length;
      if (receipts.length > 0) await call("ack", { acks: receipts });
    }
    if (count === 0) await sleep(20);
    const before = left;
    left = await leftIn(bus);
    idle.rounds++;
    if (left !== before) Object.assign(idle, { rounds: 0, sinceMs: nowMs() });
  }
  const finish = { ms: nowMs() - startMs, boundMs, left };
  if (shape.forgets) await forgetAll(bus);
  // What has no id of its own any more must not lend it to another one.
  const uid = `${name}:1`;
  const sending = { uid, to: keptInbox, bytes: bodyOf(uid, 100).length };
  await call("send", { sends: [sending], onFull: "fail", timeoutMs: 0 });
  await call("drain", { timeoutMs: 0 });
  await call("look");
  await call("resume");
  return finish;
}

/** How much there is to do. What nobody claims from, or nobody waits for any more, is left out. */
async function leftIn({ store }: Bus): Promise<number> {
  const row = await store.read((tx) =>
    tx.get<{ left: number }>(
      `select coalesce(sum(ready + delayed + leased + parked), 0) as left from ledger
        where temporary = 0 and inbox != $kept`,
      { kept: keptInbox },
    ),
  );
  return row!.left;
}

async function forgetAll({ store, settings }: Bus): Promise<void> {
  // Old enough to be forgotten.
  await sleep(2 * settings.historyKeepMs);
  for (let worked = true; worked;) ({ worked } = await retain({ store, settings }));
}
