import assert from "node:assert/strict";
import { test } from "node:test";
import { type NoticeEnd, countNotices, listNotices } from "../../../src/metrics/alerts/notices.ts";
import { vitalsStores } from "../vitals.ts";

const newStore = vitalsStores();

const end = (what: NoticeEnd["what"], at: number, error: string | null = null): NoticeEnd => ({
  channel: "command",
  what,
  error,
  at,
});

test("what became of notices is counted by channel, with when it last worked and why it last did not", async () => {
  const { store } = await newStore();
  const count = (...ends: NoticeEnd[]) => store.write((tx) => countNotices(tx, ends));
  await count(end("failed", 1, "one"), end("sent", 2), end("dropped", 3, "two"));
  await count({ ...end("sent", 4), channel: "webhook" });
  await count(end("sent", 5), end("sent", 6));
  assert.deepEqual(
    (await store.read(listNotices)).map((row) => ({ ...row })),
    [
      { channel: "command", sent: 3, failed: 1, dropped: 1, sentAt: 6, missedAt: 3, error: "two" },
      {
        channel: "webhook",
        sent: 1,
        failed: 0,
        dropped: 0,
        sentAt: 4,
        missedAt: null,
        error: null,
      },
    ],
  );
  await count(end("failed", 7, "three"));
  const [command] = await store.read(listNotices);
  assert.deepEqual([command!.missedAt, command!.error, command!.sentAt], [7, "three", 6]);
});
