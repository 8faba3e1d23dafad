// Keys: a message that is sent with a key is sent once, however often its sender tries.
import { SkepError } from "../core/errors.ts";
import { bytesOf } from "../core/text.ts";
import type { ReadTx, WriteTx } from "../store/store.ts";
import type { BusSettings, Draft } from "./message.ts";

/** A draft that has a key. */
export type Keyed = Draft & { key: string };

/** Whether `draft` has a key. */
export function isKeyed(draft: Draft): draft is Keyed {
  return draft.key != null;
}

/**
 * The id of the message that `from` sent with this key within the window; undefined when there is none, and `draft` is to be sent. E_CONFLICT
 * when that one went to another recipient, or was of another type or body.
 */
export async function sentBefore(
  tx: ReadTx,
  from: string | null,
  draft: Keyed,
): Promise<number | undefined> {
  const { key } = draft;
  const earlier = await tx.get<{ id: number; digest: Uint8Array }>(
    `select message_id as id, digest from keys
      where sender = $sender and key = $key and expires_at > $now`,
    { sender: from ?? nobody, key, now: tx.now },
  );
  if (earlier === undefined) return undefined;
  if (Buffer.compare(earlier.digest, digestOf(draft)) === 0) return earlier.id;
  throw new SkepError(
    "E_CONFLICT",
    `the key ${JSON.stringify(key)} was used for another message, ${earlier.id}`,
    {
      hint: "A key stands for one recipient, type and body. Give what is new a key of its own.",
    },
  );
}

/** Notes that `draft` is the message `id`, in the transaction that sends it. */
export async function noteKey(
  tx: WriteTx,
  settings: Pick<BusSettings, "keyWindowMs">,
  from: string | null,
  draft: Keyed,
  id: number,
): Promise<void> {
  // One whose window is over may still lie there, until somebody clears it away.
  await tx.run(
    `insert into keys (sender, key, message_id, digest, expires_at) values ($sender, $key, $id, $digest, $expiresAt)
     on conflict (sender, key) do update set message_id = $id, digest = $digest, expires_at = $expiresAt`,
    {
      sender: from ?? nobody,
      key: draft.key,
      id,
      digest: digestOf(draft),
      expiresAt: tx.now + settings.keyWindowMs,
    },
  );
}

// Whoever does not say who it is shares its keys with all others who do not.
const nobody = "";

function digestOf({ to, type = null, body }: Draft): Uint8Array {
  // Loaded here, for most commands have no key; and not Web Crypto, which would have a transaction wait.
  const { createHash } = process.getBuiltinModule("node:crypto");
  // As JSON nothing of one can be taken for a part of the other.
  const hash = createHash("sha256").update(bytesOf(`${JSON.stringify([to, type])}\n`));
  return new Uint8Array(hash.update(body).digest());
}
