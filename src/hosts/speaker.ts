// Whose words they are: what the modules in this process say goes to the log of the agent that they work for.
import { AsyncLocalStorage } from "node:async_hooks";
import { Console } from "node:console";
import { Writable } from "node:stream";
import type { Log } from "../agents/log.ts";

export interface Speaker {
  /** Does `work`, and all that comes of it, for the agent: what it says goes to the agent's log. */
  for<T>(work: () => T): T;
  /** It says nothing more. When nobody is left to speak, the console is as it was. */
  close(): void;
}

const speaking = new AsyncLocalStorage<Log>();
const logs = new Set<Log>();
let release = () => {};

/** One more agent of this process, with a log to speak to instead of the console. */
export function openSpeaker(log: Log): Speaker {
  if (logs.size === 0) release = capture(say);
  logs.add(log);
  return {
    for: (work) => speaking.run(log, work),
    close() {
      if (logs.delete(log) && logs.size === 0) release();
    },
  };
}

function say(chunk: Uint8Array | string): void {
  // What is said for nobody in particular, while a module is loaded, say, is for the first of them to keep.
  const log = speaking.getStore() ?? logs.values().next().value;
  log?.append(chunk);
}

/** Hands whatever goes to the console, standard output or standard error to `say`, until the function it answers is called. */
function capture(say: (chunk: Uint8Array | string) => void): () => void {
  const stream = new Writable({
    decodeStrings: false,
    write(chunk: Uint8Array | string, _encoding, done) {
      say(chunk);
      done();
    },
  });
  const usual = { ...console };
  Object.assign(console, new Console(stream));
  const outputs = [process.stdout, process.stderr].map((output) => {
    const write = output.write;
    output.write = (chunk: Uint8Array | string) => (say(chunk), true);
    return () => (output.write = write);
  });
  return () => {
    Object.assign(console, usual);
    for (const restore of outputs) restore();
  };
}
