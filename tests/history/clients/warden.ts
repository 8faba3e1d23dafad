// The client that drains the bus, looks at what is left, opens it again, and now and then hands an inbox over.
import type { Random } from "../../proof/random.ts";
import type { Shape } from "../shape.ts";
import type { Mind, Step } from "./mind.ts";

/** What the warden does next, and when; its first deed is to open what a killed one may have closed. */
export function wardenStep(
  mind: Mind,
  random: Random,
  shape: Shape,
): { step: Step; afterMs: number } {
  const at = mind.count++;
  const round: (() => { step: Step; afterMs: number })[] = [
    () => ({ step: { op: "resume", args: {} }, afterMs: random.whole(0, 30) }),
    () => handoverOrLook(random, shape),
    () => ({
      step: { op: "drain", args: { timeoutMs: random.whole(0, 200) } },
      afterMs: random.whole(20, shape.openMs),
    }),
    () => ({ step: { op: "look", args: {} }, afterMs: random.whole(0, 20) }),
  ];
  return round[at % round.length]!();
}

function handoverOrLook(random: Random, { inboxes }: Shape): { step: Step; afterMs: number } {
  const [inbox, to] = random.shuffled(inboxes);
  if (random.share() < 0.9) return { step: { op: "look", args: {} }, afterMs: 0 };
  return { step: { op: "handover", args: { inbox: inbox!, to: to! } }, afterMs: 100 };
}
