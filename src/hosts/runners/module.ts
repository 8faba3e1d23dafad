// The module runner: a TypeScript or JavaScript file whose `handle` runs inside the host.
import { deliveryLine } from "../../bus/delivery-line.ts";
import type { Delivery } from "../../bus/message.ts";
import { SkepError } from "../../core/errors.ts";
import { type Answer, answerOf } from "../answer.ts";
import { workOneByOne } from "../one-by-one.ts";
import type { Ended, Host } from "../runner.ts";
import { type Settlement, acceptance, refusal } from "../settlement.ts";
import { type Speaker, openSpeaker } from "../speaker.ts";

/** Hands one message after the other to the module's `handle`, until the agent is to stop. */
export async function runModule(host: Host): Promise<Ended> {
  const speaker = openSpeaker(host.log);
  try {
    const handle = await load(host.spec.module!);
    host.started();
    return await workOneByOne(host, (delivery) => work(host, { handle, speaker }, delivery));
  } finally {
    speaker.close();
  }
}

/** The agent's name is told beside the message, for the environment of a host that several share cannot say it. */
type Handle = (delivery: unknown, agent: { name: string }) => unknown;

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
  host: Host,
  { handle, speaker }: { handle: Handle; speaker: Speaker },
  delivery: Delivery,
): Promise<Settlement> {
  const { log, spec } = host;
  const receipt = delivery.receipt!;
  const message: unknown = JSON.parse(deliveryLine(delivery));
  try {
    const returned = await speaker.for(() => handle(message, { name: spec.name }));
    return acceptance(host, receipt, answerTo(returned));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    log.append(`${error instanceof Error ? stackOf(error) : reason}\n`);
    return refusal(host, receipt, reason);
  }
}

/** The trace of `error` down to `handle`: what called that is ours, and nobody's business. */
function stackOf({ stack, message }: Error): string {
  const lines = (stack ?? message).split("\n");
  const ours = lines.findIndex((line) => /^\s+at /.test(line) && isOurs(line));
  const theirs = lines.slice(0, ours < 0 ? undefined : ours);
  // It runs in a context of its own, which the runtime keeps for us.
  if (/^\s+at .*\bnode:async_hooks:/.test(theirs.at(-1)!)) theirs.pop();
  return theirs.join("\n");
}

// Compiled, our own files have names that no other file can have.
function isOurs(frame: string): boolean {
  return frame.includes("/$bunfs/") || frame.includes(import.meta.filename);
}

/** What `handle` returned: nothing, the text of a reply, or a reply and messages to send. */
function answerTo(returned: unknown): Answer {
  if (returned == null) return { send: [] };
  if (typeof returned === "string") return answerOf({ reply: returned });
  if (typeof returned === "object") return answerOf(returned as Record<string, unknown>);
  throw new SkepError("E_USAGE", `handle returned a ${typeof returned}`, {
    hint: "It returns nothing, a text, or { reply, send }.",
  });
}
