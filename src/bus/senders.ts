// What a sender may send, whoever gets it: a row for each that has a rate.
import type { ReadTx, WriteTx } from "../store/store.ts";
import type { Rate } from "./rate.ts";

/** The rate of `sender`; undefined when it sends as it likes, or did not say who it is. */
export async function senderRate(tx: ReadTx, sender: string | null): Promise<Rate | undefined> {
  if (sender === null) return undefined;
  return await tx.get<Rate>(
    "select rate_per_s as perS, burst, arrival_tick as arrivalTick from senders where name = $sender",
    { sender },
  );
}

/** Notes when the next message of `sender` is due. */
export async function setSenderArrival(
  tx: WriteTx,
  sender: string,
  arrivalTick: number,
): Promise<void> {
  await tx.run("update senders set arrival_tick = $arrivalTick where name = $sender", {
    sender,
    arrivalTick,
  });
}
