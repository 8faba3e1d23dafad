// The module runner: a TypeScript or JavaScript file whose `handle` runs inside the host.
import { Console } from "node:console";
import { Writable } from "node:stream";
import type { Log } from "../../agents/log.ts";
import { deliveryLine } from "../../bus/delivery-line.ts";
import type { Delivery } from "../../bus/message.ts";
import { SkepError } from "../../core/errors.ts";
import { type Answer, answerOf } from "../answer.ts";
import { workOneByOne } from "../one-by-one.ts";
import type { Ended, Host } from "../runner.ts";
import { type Settlement, acceptance, refusal } from "../settlement.ts";

/** Hands one message after the other to the module's `handle`, until the agent is to stop. */
export async function runModule(host: Host): Promise<Ended> {
  const release = captureConsole(host.log);
  try {
    const handle = await load(host.spec.module!);
    host.started();
    return await workOneByOne(host, (delivery) => work(host, handle, delivery));
  } finally {
    release();
  }
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

async function work(host: Host, handle: Handle, delivery: Delivery): Promise<Settlement> {
  const { log } = host;
  const receipt = delivery.receipt!;
  try {
    return acceptance(host, receipt, answerTo(await handle(JSON.parse(deliveryLine(delivery)))));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    log.append(`${error instanceof Error ? error.stack : reason}\n`);
    return refusal(host, receipt, reason);
  }
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

/** Sends what the module says to the agent's log, as the output of any other program, until the function it answers is called. */
function captureConsole(log: Log): () => void {
  const stream = new Writable({
    decodeStrings: false,
    write(chunk: Uint8Array | string, _encoding, done) {
      log.append(chunk);
      done();
    },
  });
  const usual = { ...console };
  Object.assign(console, new Console(stream));
  const outputs = [process.stdout, process.stderr].map((output) => {
    const write = output.write;
    output.write = (chunk: Uint8Array | string) => (log.append(chunk), true);
    return () => (output.write = write);
  });
  return () => {
    Object.assign(console, usual);
    for (const restore of outputs) restore();
  };
}
