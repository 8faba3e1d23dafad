// Ghosts: those that have lost what they held, and would still ack it. Each receipt that a program ever got and whose claim
// ended without an ack is shown once more, and has to be refused.
import { readFileSync } from "node:fs";
import { ackTx } from "../../src/bus/settle.ts";
import { isSkepError } from "../../src/core/errors.ts";
import type { Place } from "./place.ts";

export interface Ghosts {
  /** Shows what can be shown by now. */
  show(): Promise<void>;
  refused(): number;
  faults: string[];
}

/** Ghosts for the receipts that programs write into `path`. */
export function openGhosts({ app }: Place, path: string): Ghosts {
  const shown = new Set<string>();
  const faults: string[] = [];
  let refused = 0;
  const show = async (receipt: string) => {
    shown.add(receipt);
    const { store, settings } = app.bus;
    try {
      await store.write(async (tx) => {
        await ackTx(tx, settings, receipt, { from: null });
      });
      faults.push(`the receipt ${receipt} of a claim that was over was taken for an ack`);
    } catch (error) {
      if (isSkepError(error, "E_STALE")) refused++;
      else if (isSkepError(error, "E_BUSY")) shown.delete(receipt);
      else faults.push(`the receipt ${receipt}: ${String(error)}`);
    }
  };
  return {
    faults,
    refused: () => refused,
    async show() {
      const over = await app.store.read((tx) =>
        tx.all<{ claim: string }>("select delivery_id || '.' || epoch as claim from attempts"),
      );
      const claims = new Set(over.map(({ claim }) => claim));
      for (const receipt of receiptsIn(path)) {
        const [delivery, epoch] = receipt.split(".");
        if (claims.has(`${delivery}.${epoch}`) && !shown.has(receipt)) await show(receipt);
      }
    },
  };
}

function receiptsIn(path: string): string[] {
  try {
    // The last line may be half written.
    return readFileSync(path, "utf8").split("\n").slice(0, -1);
  } catch {
    return [];
  }
}
