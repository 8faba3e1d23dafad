// Atomic ack and send: what is sent with an ack is there when the ack was accepted, and only then.
import type { Call, Fault, History } from "../history.ts";
import { partsOf } from "../history.ts";

/** Acks that went without what was sent with them, and the other way round. */
export function findTornAcks({ calls, lives, sends, state, rules }: History): Fault[] {
  if (rules.forgets) return [];
  return calls.flatMap((call) => {
    const [receipt, ...more] = call.args.acks ?? [];
    const sending = call.args.sends ?? [];
    if (receipt === undefined || more.length > 0 || sending.length === 0) return [];
    const { delivery } = partsOf(receipt);
    const there = sending.filter(({ uid }) => state.messages.has(uid)).length;
    const lying = state.deliveries.get(delivery);
    const acked = lying?.state === "acked" && receiptOf(lying) === receipt;
    const others = lives
      .get(delivery)!
      .shown.some(
        (one) =>
          one.call !== call &&
          one.how === "ack" &&
          one.receipt === receipt &&
          one.outcome !== "fail",
      );
    const repeated = sending.some(({ uid }) => sends.get(uid)!.length > 1);
    const mayBe = countsFor(call, { acked, others, repeated, all: sending.length });
    if (mayBe.includes(there)) return [];
    const text = `${there} of ${sending.length} messages that ${call.client} sent with its ack are there; it is ${lying?.state}, and it was told: ${call.outcome}`;
    return [{ check: "atomic ack and send", text, delivery, uid: sending[0]!.uid }];
  });
}

function receiptOf(lying: { id: number; epoch: number; nonce: number | null }): string {
  return `${lying.id}.${lying.epoch}.${lying.nonce}`;
}

/** How many of the messages may be there. */
function countsFor(
  { outcome, result }: Call,
  {
    acked,
    others,
    repeated,
    all,
  }: { acked: boolean; others: boolean; repeated: boolean; all: number },
): number[] {
  const again = result.acked?.[0]?.again === true;
  // Another one has sent the same, or could have.
  if (repeated) return acked ? [0, all] : [0];
  if (outcome === "ok") return again ? [0] : [all];
  if (!acked || (outcome === "fail" && others)) return [0];
  // Where nobody else has acked it this one did, whatever it was told.
  return others ? [0, all] : [all];
}
