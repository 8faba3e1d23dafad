// No partial batch: what goes together is there as a whole or not at all, also where nobody was told which.
import type { Fault, History } from "../history.ts";

/** Atomic batches of which some are there and some are not. */
export function findPartial({ calls, state, rules }: History): Fault[] {
  // What has ended may be gone, and what is gone says nothing.
  if (rules.forgets) return [];
  return calls
    .filter(({ args }) => args.atomic === true)
    .flatMap(({ args: { sends = [] }, client, outcome }) => {
      const there = sends.filter(({ uid }) => state.messages.has(uid)).length;
      const mayBe = { ok: [sends.length], fail: [0], info: [0, sends.length] }[outcome];
      if (mayBe.includes(there)) return [];
      const text = `${there} of the ${sends.length} messages that ${client} sent at once are there, and it was told: ${outcome}`;
      return [{ check: "no partial batch", text, uid: sends[0]?.uid }];
    });
}
