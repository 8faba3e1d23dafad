// The module runner: a TypeScript or JavaScript file whose `handle` runs inside the host.
import { draftOf } from "../../bus/draft-line.ts";
import { deliveryLine } from "../../bus/delivery-line.ts";
import type { Delivery, Draft } from "../../bus/message.ts";
import type { Reply } from "../../bus/reply.ts";
import { ackTx, nackTx } from "../../bus/settle.ts";
import { SkepError } from "../../core/errors.ts";
import { bytesOf } from "../../core/text.ts";
import type { Ended, Host } from "../host.ts";
import { type Settlement, settleAndClaim, settleEach } from "../settlement.ts";

const aLongTimeMs = 3_600_000;

/** Claims one message after the other and hands each to the module's `handle`, until the agent is to stop. */
export async function runModule(host: Host): Promise<Ended> {
  const handle = await load(host.spec.module!);
  await host.started();
  let settlements: Settlement[] = [];
  while (!host.draining.aborted) {
    const next = { max: 1, waitMs: aLongTimeMs, signal: host.draining };
    const [delivery] = await settleAndClaim(host, settlements, next);
    settlements = delivery === undefined ? [] : [await work(host, handle, delivery)];
  }
  await settleEach(host, settlements);
  return { state: "stopped", reason: null };
}

type Handle = (delivery: unknown) => unknown;

async function load(path: string): Promise<Handle> {
  let module: { handle?: unknown };
  try {
    module = await import(path);
  } catch (error) {
    throw new SkepError("E_FAILED", `${path} cannot be loaded: ${String(error)}`, { cause: error });
  }
  if (typeof module.handle !== "function")
    throw new SkepError("E_FAILED", `${path} exports no function handle`);
  return module.handle as Handle;
}

async function work(
  { bus, spec, log }: Host,
  handle: Handle,
  delivery: Delivery,
): Promise<Settlement> {
  const receipt = delivery.receipt!;
  try {
    const { reply, send } = answerOf(await handle(JSON.parse(deliveryLine(delivery))));
    return async (tx) =>
      void (await ackTx(tx, bus.settings, receipt, { from: spec.name, reply, send }));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    log.append(`${error instanceof Error ? error.stack : reason}\n`);
    return async (tx) => void (await nackTx(tx, bus.settings, receipt, { reason }));
  }
}

/** What `handle` returned: nothing, the text of a reply, or a reply and messages to send. */
function answerOf(returned: unknown): { reply?: Reply; send?: Draft[] } {
  if (returned == null) return {};
  if (typeof returned === "string") return { reply: { body: bytesOf(returned) } };
  const { reply, send } = returned as { reply?: unknown; send?: unknown };
  const drafts =
    send === undefined ? {} : { send: (Array.isArray(send) ? send : [send]).map(draftOf) };
  return reply == null ? drafts : { ...drafts, reply: { body: bytesOf(String(reply)) } };
}
