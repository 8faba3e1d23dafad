import { expect, test } from "bun:test";
import type { Event } from "./event.ts";
import { storyOf } from "./story.ts";
import { ack, acked, call, claim, got, row, send, tale } from "./tale.ts";

const calls = [
  send({ by: "ann", at: [100, 110] }, "m", 1),
  send({ by: "ann", at: [120, 130] }, "other", 2),
  claim({ by: "bob", at: [150, 160] }, got("1.1.7", "m"), got("2.1.7", "other")),
  call("drain", { by: "w", at: [170, 180] }),
  call("resume", { by: "w", at: [190, 200] }),
  claim({ by: "eve", at: [210, 220] }, got("1.2.8", "m")),
  ack({ by: "eve", at: [230, Infinity], outcome: "info" }, "1.2.8"),
];
const killed: Event = {
  client: "faults",
  n: 0,
  t: 165,
  type: "fault",
  op: "killed",
  args: { clients: ["bob", "zoe"] },
};
const history = tale(
  calls,
  {
    rows: [row("m", 1)],
    lying: [acked("1.2.8", { attempt: 2 })],
    attempts: [{ delivery: 1, epoch: 1, outcome: "died" }],
  },
  { faults: [killed] },
);

test("a story tells what anybody did with one message, who held it, and what came between", () => {
  const story = storyOf(history, { check: "any", text: "is wrong", delivery: 1 });
  expect(story).toEqual([
    "      0.0 ms  ann: send m to in (1): ok, until 10.0",
    "     50.0 ms  bob: claim gets 1.1.7 of in, attempt 1, for 1000 ms: ok, until 60.0",
    "     65.0 ms  bob: killed",
    "     70.0 ms  w: drain, ok, until 80.0",
    "     90.0 ms  w: resume, ok, until 100.0",
    "    110.0 ms  eve: claim gets 1.2.8 of in, attempt 1, for 1000 ms: ok, until 120.0",
    "    130.0 ms  eve: ack 1.2.8: nobody knows",
    "in the end     it is acked in in, claim 2, attempt 2; 1 died",
  ]);
});

test("a message is known by its name too, and what is about none has no story", () => {
  expect(storyOf(history, { check: "any", text: "is wrong", uid: "m" })).toHaveLength(8);
  expect(storyOf(history, { check: "any", text: "is wrong" })).toEqual([]);
});
