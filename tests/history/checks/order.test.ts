import { expect, test } from "bun:test";
import { call, claim, got, send, sending, tale, textsOf } from "../tale.ts";
import { findDisorder } from "./order.ts";

const one = send({ by: "ann", at: [0, 10] }, "a", 1);
const two = send({ by: "ann", at: [20, 30] }, "b", 2);
const claimOf = (uid: string, receipt: string, startMs: number) =>
  claim({ by: "bob", at: [startMs, startMs + 10] }, got(receipt, uid));

test("what was sent first is handed out first, or at the same time", () => {
  const inOrder = [one, two, claimOf("a", "1.1.7", 40), claimOf("b", "2.1.8", 60)];
  expect(findDisorder(tale(inOrder))).toEqual([]);
  expect(
    findDisorder(tale([one, two, claimOf("b", "2.1.8", 40), claimOf("a", "1.1.7", 45)])),
  ).toEqual([]);
});

test("it is not overtaken by what the same sender sent later", () => {
  const overtaken = [one, two, claimOf("b", "2.1.8", 40), claimOf("a", "1.1.7", 60)];
  expect(textsOf(findDisorder(tale(overtaken)))).toEqual([
    "ann to in with priority 4: b was claimed before a",
  ]);
});

test("a redelivery may come later, and so may what was delayed, is less urgent or another's", () => {
  const late = [claimOf("b", "2.1.8", 40), claimOf("a", "1.1.7", 60)];
  const redelivered = [claimOf("b", "2.1.8", 40), claimOf("a", "1.2.7", 60)];
  expect(findDisorder(tale([one, two, ...redelivered]))).toEqual([]);
  for (const first of [
    send({ by: "ann", at: [0, 10] }, "a", 1, { delayMs: 5 }),
    send({ by: "ann", at: [0, 10] }, "a", 1, { priority: 3 }),
    send({ by: "eve", at: [0, 10] }, "a", 1),
  ])
    expect(findDisorder(tale([first, two, ...late]))).toEqual([]);
});

test("whoever claims several gets the most urgent first, and then the oldest", () => {
  const several = (...priorities: number[]) =>
    findDisorder(
      tale([
        claim(
          { by: "bob", at: [0, 1] },
          ...priorities.map((priority, at) => got(`${at + 1}.1.7`, `m${at}`, { priority })),
        ),
      ]),
    );
  expect(several(9, 4, 4, 0)).toEqual([]);
  expect(several(4, 9)).toHaveLength(1);
  const backwards = claim({ by: "bob", at: [0, 1] }, got("2.1.7", "b"), got("1.1.7", "a"));
  expect(findDisorder(tale([backwards]))).toHaveLength(1);
});

test("the ids of one sender's messages rise as it sends them, also within a batch", () => {
  expect(findDisorder(tale([send({ by: "ann", at: [0, 10] }, "a", 2), two]))).toHaveLength(1);
  const batch = call(
    "batch",
    { by: "ann", at: [0, 10] },
    { sends: [sending("a"), sending("b")] },
    { sent: [2, 1] },
  );
  expect(findDisorder(tale([batch]))).toHaveLength(1);
});
