import { expect, test } from "bun:test";
import { SkepError } from "../../src/core/errors.ts";
import { type PushParts, type Told, keepPushing } from "../../src/export/keep-pushing.ts";
import { otlpBodies } from "../../src/export/otlp.ts";
import { otlpReceivers, taken } from "../helpers/otlp-receiver.ts";
import { waitUntil } from "../helpers/wait-until.ts";

const newReceiver = otlpReceivers();

/** Pushes one counter every 20 ms, which counts how often it was read. */
function newPushing(more: Partial<PushParts> = {}) {
  const receiver = newReceiver();
  const [signal, urgent] = [new AbortController(), new AbortController()];
  const told: Told[] = [];
  let reads = 0;
  const parts: PushParts = {
    read: async () => {
      const samples = [{ labels: {}, value: ++reads, since: 0 }];
      const family = { name: "x_reads", type: "counter", help: "x", samples } as const;
      return otlpBodies([family], { version: "1", instance: "i", swarm: null, at: reads });
    },
    receiver: { url: new URL(receiver.url), headers: {}, timeoutMs: 200_000 },
    everyMs: 20,
    // Nobody is late who is only put off.
    leastMs: 200_000,
    ...more,
    tell(one) {
      told.push(one);
      more.tell?.(one);
    },
  };
  const pushing = keepPushing(parts, signal.signal, urgent.signal);
  const values = () => receiver.received.map(({ metrics }) => metrics[0]!.points[0]!.value);
  return { receiver, signal, urgent, told, pushing, values, reads: () => reads };
}

test("a push comes after the other, with what holds by then, and a last one at the end", async () => {
  // It ends between two of them: what an end interrupts may have come or not.
  const { signal, told, pushing, values } = newPushing({
    tell: () => void (told.length === 3 && signal.abort()),
  });
  await pushing;
  expect(values()).toEqual([1, 2, 3, 4]);
  expect(told).toHaveLength(4);
  expect(told.every(({ points, isNew }) => points === 1 && !isNew)).toBe(true);
});

test("each kind of trouble is news once, and so is that all is well again", async () => {
  const { receiver, signal, told, pushing } = newPushing();
  const news = () => told.filter(({ isNew }) => isNew).map(({ fault }) => fault?.kind);
  const more = async (count: number) => {
    const before = told.length;
    await waitUntil("more was told", () => told.length >= before + count);
  };
  receiver.answer = () => new Response("", { status: 400 });
  await waitUntil("it was refused", () => news().length === 1);
  await more(2);
  // Whoever says nothing of when would be left alone for seconds, time after time.
  receiver.answer = () => new Response("", { status: 503, headers: { "retry-after": "0" } });
  await waitUntil("it was busy", () => news().length === 2);
  receiver.answer = () => new Response("", { status: 400 });
  await more(2);
  expect(news()).toEqual(["refused", "busy"]);
  receiver.answer = taken;
  await waitUntil("it was well", () => news().length === 3);
  await more(2);
  receiver.answer = () => new Response("", { status: 400 });
  await waitUntil("it was refused again", () => news().length === 4);
  signal.abort();
  await pushing;
  expect(news()).toEqual(["refused", "busy", undefined, "refused"]);
});

test("what is not wanted is news as well, with what was said of it", async () => {
  const { receiver, signal, told, pushing } = newPushing();
  const partialSuccess = { rejectedDataPoints: 1, errorMessage: "no" };
  receiver.answer = () => Response.json({ partialSuccess });
  await waitUntil("it was told", () => told.some(({ rejected }) => rejected === 1));
  signal.abort();
  await pushing;
  const news = told.filter(({ isNew }) => isNew);
  expect(news).toMatchObject([{ points: 1, rejected: 1, said: "no", fault: undefined }]);
});

test("what cannot be read is told, and tried again", async () => {
  let fails = true;
  const { signal, told, pushing } = newPushing({
    read: async () => {
      if (fails) throw new SkepError("E_BUSY", "somebody writes");
      return [];
    },
  });
  const unread = { kind: "unread", what: "somebody writes" } as const;
  await waitUntil("it was told", () => told.length > 0);
  expect(told[0]!.fault).toEqual(unread);
  fails = false;
  await waitUntil("it was read", () => told.some(({ fault }) => fault === undefined));
  signal.abort();
  await pushing;
});

test("a receiver that hangs keeps nobody from ending, and not at all whoever is in a hurry", async () => {
  // The last one takes as long as it may, and so may those before it.
  const hung = newPushing({ leastMs: 500 });
  hung.receiver.answer = () => new Promise<never>(() => {});
  await waitUntil("it hangs", () => hung.values().length > 0);
  const begun = hung.reads();
  hung.signal.abort();
  await hung.pushing;
  // The last one was tried, once.
  expect(hung.reads()).toBe(begun + 1);
  expect(hung.told.at(-1)).toMatchObject({ points: 0, fault: { kind: "late" } });

  const hurried = newPushing();
  hurried.receiver.answer = () => new Promise<never>(() => {});
  await waitUntil("it hangs", () => hurried.values().length > 0);
  hurried.urgent.abort();
  hurried.signal.abort();
  await hurried.pushing;
  expect(hurried.values()).toEqual([1]);
  expect(hurried.told).toEqual([]);
});

test("a receiver that wants to be left alone is, for as long as it says", async () => {
  const { receiver, signal, told, pushing, values } = newPushing();
  receiver.answer = () => new Response("", { status: 429, headers: { "retry-after": "3600" } });
  await waitUntil("it was told", () => told.length > 0);
  signal.abort();
  await pushing;
  // However soon the next was due, only the last one came.
  expect(values()).toEqual([1, 2]);
});
