// Subscriptions for tests, and what is published to them.
import type { Bus } from "../../src/bus/bus.ts";
import type { Publication } from "../../src/bus/fan-out.ts";
import type { BusSettings } from "../../src/bus/message.ts";
import { subscribeTx } from "../../src/bus/subscribe.ts";
import { bytesOf } from "../../src/core/text.ts";

type Subscriptions = readonly (readonly [pattern: string, inbox: string])[];

/** What a test says of the bus it wants. */
export type Subscribed = [subscriptions: Subscriptions, settings?: Partial<BusSettings>];

/** The same bus, once inboxes are subscribed to patterns in one transaction. */
export async function subscribeAll<B extends Pick<Bus, "store">>(
  bus: B,
  subscriptions: Subscriptions,
): Promise<B> {
  await bus.store.write(async (tx) => {
    for (const [pattern, inbox] of subscriptions) await subscribeTx(tx, pattern, inbox);
  });
  return bus;
}

/** A publication with a text for its body. */
export function publication(
  topic: string,
  body = "hello",
  more: Partial<Publication> = {},
): Publication {
  return { topic, body: bytesOf(body), ...more };
}
