// A receipt: `<delivery id>.<epoch>.<nonce>`, the proof of being the latest to have claimed a delivery.
import { SkepError } from "../core/errors.ts";

export interface Receipt {
  deliveryId: number;
  epoch: number;
  nonce: number;
}

/** The receipt as its holder is handed it. */
export function formatReceipt({ deliveryId, epoch, nonce }: Receipt): string {
  return `${deliveryId}.${epoch}.${nonce}`;
}

/** The receipt that `text` spells; E_USAGE when it spells none. */
export function parseReceipt(text: string): Receipt {
  // One spelling for each: two that mean the same delivery would count as two.
  const match = /^([1-9]\d{0,14})\.([1-9]\d{0,8})\.(0|[1-9]\d{0,9})$/.exec(text);
  if (match === null)
    throw new SkepError("E_USAGE", `${JSON.stringify(text.slice(0, 80))} is not a receipt`, {
      hint: "A receipt looks like 17.1.3735928559; recv prints it with each delivery.",
    });
  return { deliveryId: Number(match[1]), epoch: Number(match[2]), nonce: Number(match[3]) };
}
