// One of two processes that do something at the same instant. Reads lines of JSON, { verb, subject, atMs }, waits busily until that
// moment of the machine's monotonic clock, and answers with how it went.
// Usage: bun racer.ts HOME
import { createInterface } from "node:readline";
import { libc } from "../../../src/core/libc.ts";
import { openHomeBus, say } from "../../fixtures/bus/bus.ts";
import { type Subject, type Verb, perform } from "./verbs.ts";

const bus = await openHomeBus(process.argv[2]!);
const nowMs = () => libc()!.monotonicMs();
say({ ready: process.pid });
for await (const line of createInterface({ input: process.stdin })) {
  const { verb, subject, atMs } = JSON.parse(line) as {
    verb: Verb;
    subject: Subject;
    atMs: number;
  };
  while (nowMs() < atMs) continue;
  say(await perform(bus, verb, subject));
}
bus.doorbell.close();
await bus.store.close();
