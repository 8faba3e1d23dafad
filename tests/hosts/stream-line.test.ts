import { expect, test } from "bun:test";
import { waitUntil } from "../helpers/wait-until.ts";
import { workshops } from "./workshop.ts";

const workshop = workshops();

test("a nack gives it back with the reason, after the delay it names or a backoff", async () => {
  const shop = await workshop();
  await shop.puppet();
  const plain = await shop.send('{"nack":"RECEIPT","reason":"not mine"}');
  expect((await shop.becomes(plain, "delayed")).attempts).toEqual([
    { outcome: "nacked", reason: "not mine" },
  ]);
  const late = await shop.send('{"nack":"RECEIPT","delay_ms":3600000}');
  await shop.becomes(late, "delayed");
  const due = await shop.bus.store.read(async (tx) => {
    const [row] = await tx.all<{ at: number }>(
      "select due_tick as at from deliveries where id = $late",
      { late },
    );
    return row!.at - tx.tick;
  });
  expect(due).toBeGreaterThan(3_500_000);
});

test("a send needs no receipt, and progress and all other lines are for the log", async () => {
  const shop = await workshop();
  await shop.puppet();
  const lines = [
    '{"progress":"half"}',
    "plain words",
    "17",
    "null",
    '{"level":"info"}',
    '{"send":{"to":"b","body":"by the way"}}',
    "!stderr complaint",
    '{"ack":"RECEIPT"}',
  ];
  const id = await shop.send(lines.join("\n"));
  expect((await shop.take("b")).text).toBe("by the way");
  await shop.becomes(id, "acked");
  for (const line of lines.slice(0, 5)) expect(shop.log().split("\n")).toContain(line);
  // What it says to people comes by another way.
  await waitUntil("it has complained", () => shop.log().split("\n").includes("complaint"));
});

test("what it cannot have meant is refused with the reason, instead of being held for ever", async () => {
  const shop = await workshop();
  await shop.puppet();
  const cases: [object, string][] = [
    [{ ack: "RECEIPT", replay: "x" }, 'an answer has no "replay"'],
    [{ ack: "RECEIPT", reply: { a: 1 } }, "reply has to be a text"],
    [{ ack: "RECEIPT", send: [{ body: "x" }] }, "a message needs a text in to"],
    [{ nack: "RECEIPT", delay_ms: "soon" }, "delay_ms has to be a number"],
    [{ nack: "RECEIPT", delay_ms: -1 }, "delay_ms has to be a number"],
  ];
  for (const [answer, reason] of cases) {
    const id = await shop.send(JSON.stringify(answer));
    const { attempts } = await shop.becomes(id, "delayed");
    expect(attempts).toHaveLength(1);
    expect(attempts[0]!.reason).toContain(reason);
  }
  const id = await shop.send('{"send":{"to":5}}\n{"ack":"RECEIPT"}');
  await shop.becomes(id, "acked");
  expect(shop.log()).toContain('skep: a message needs a text in to: {"send":{"to":5}}');
});

test("settling what it does not hold, or holds no more, is only worth a line in the log", async () => {
  const shop = await workshop();
  await shop.puppet();
  const id = await shop.send('{"ack":"9.9.9"}\n{"ack":"RECEIPT"}\n{"nack":"RECEIPT"}');
  await shop.becomes(id, "acked");
  const next = await shop.send('{"ack":"RECEIPT"}');
  await shop.becomes(next, "acked");
  expect(shop.log().match(/the program settled \S+, which it does not hold/g)).toHaveLength(2);
});
