import { expect, test } from "bun:test";
import { aborted } from "../../src/core/clock.ts";
import { SkepError } from "../../src/core/errors.ts";
import type { Channel, Notice } from "../../src/notify/notice.ts";
import { type Outcome, openQueue } from "../../src/notify/queue.ts";
import { waitUntil } from "../helpers/wait-until.ts";
import { notice } from "./notices.ts";

/** A channel whose deliveries are under way until they are told how to end. */
function openChannel() {
  const begun: { subject: string; end(fault?: SkepError): void }[] = [];
  let most = 0;
  let running = 0;
  const channel: Channel = {
    name: "test",
    async deliver({ subject }: Notice, signal) {
      most = Math.max(most, ++running);
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      begun.push({
        subject,
        end: (fault) => (fault === undefined ? resolve() : reject(fault)),
      });
      void aborted(signal).then(() => reject(new SkepError("E_FAILED", "aborted")));
      try {
        await promise;
      } finally {
        running--;
      }
    },
  };
  return { channel, begun, most: () => most };
}

function openOne(waitingMax: number) {
  const { channel, begun, most } = openChannel();
  const heard: Outcome[] = [];
  const queue = openQueue(channel, { waitingMax, hear: (one) => void heard.push(one) });
  return { queue, begun, most, heard, became: () => heard.map(({ what }) => what) };
}

test("notices are told in order, one at a time, and whoever puts them in does not wait", async () => {
  const { queue, begun, most, became } = openOne(10);
  for (const subject of ["1", "2", "3"]) queue.put(notice({ subject }));
  expect(begun).toEqual([]);
  for (const at of [0, 1, 2]) {
    const one = await waitUntil("it is told of", () => begun[at]);
    expect([one.subject, begun.length]).toEqual([`${at + 1}`, at + 1]);
    one.end();
  }
  await waitUntil("all are told", () => became().length === 3);
  expect([became(), most()]).toEqual([["sent", "sent", "sent"], 1]);
});

test("one that fails is heard of with its reason, and the next is told", async () => {
  const { queue, begun, heard } = openOne(10);
  queue.put(notice());
  queue.put(notice());
  const fault = new SkepError("E_FAILED", "no", { hint: "never" });
  (await waitUntil("the first", () => begun[0])).end(fault);
  (await waitUntil("the second", () => begun[1])).end();
  await waitUntil("both", () => heard.length === 2);
  expect(heard).toEqual([
    { channel: "test", what: "failed", why: "no", detail: "never" },
    { channel: "test", what: "sent", why: null, detail: null },
  ]);
});

test("of more than may wait the oldest are dropped, and each is counted", async () => {
  const { queue, begun, heard } = openOne(2);
  queue.put(notice({ subject: "0" }));
  await waitUntil("the first is told of", () => begun.length === 1);
  for (const subject of ["1", "2", "3", "4"]) queue.put(notice({ subject }));
  expect(heard.map(({ what, why }) => [what, why])).toEqual([
    ["dropped", "those before it took too long"],
    ["dropped", "those before it took too long"],
  ]);
  for (const at of [0, 1, 2]) (await waitUntil("the next", () => begun[at])).end();
  await waitUntil("all became something", () => heard.length === 5);
  expect(begun.map(({ subject }) => subject)).toEqual(["0", "3", "4"]);
});

test("at the end what runs may finish for a while, then it is ended, and what waits is dropped", async () => {
  const { queue, begun, heard } = openOne(10);
  for (const subject of ["1", "2", "3"]) queue.put(notice({ subject }));
  (await waitUntil("the first is told of", () => begun[0])).end();
  await waitUntil("the second is told of", () => begun[1]);
  await queue.end(10);
  queue.put(notice());
  expect(heard.map(({ what, why }) => [what, why])).toEqual([
    ["sent", null],
    ["failed", "aborted"],
    ["dropped", "skep ended before its turn"],
    ["dropped", "skep ended before its turn"],
  ]);
  expect(begun).toHaveLength(2);
});

test("an end without anything to tell is immediate", async () => {
  await openOne(1).queue.end(100_000);
});
