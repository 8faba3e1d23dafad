// The slot of an answer that will not come.
import type { WriteTx } from "../store/store.ts";
import { ring } from "./doorbell.ts";
import { move } from "./ledger.ts";
import { readMessage } from "./read-message.ts";
import { ringOne } from "./waiters.ts";

/** Gives up the slot that the request `id` had reserved: no answer will come. */
export async function releaseReply(tx: WriteTx, requestId: number): Promise<void> {
  const { replyTo } = await readMessage(tx, requestId);
  if (replyTo === null) return;
  await move(tx, replyTo, { reserved: -1 });
  await ringOne(tx, replyTo, "room", ring);
}
