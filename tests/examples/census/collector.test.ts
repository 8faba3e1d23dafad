import { expect, test } from "bun:test";
import { find } from "../../../examples/census/work.ts";
import { bun, delivery, run, stage } from "./programs.ts";

const plan = ["plan", "now 3 2"] as const;
const answers = [
  ["reply", "now 0 0 10"],
  ["reply", "now 1 0 5\n"],
  ["reply", "now 2 1 1"],
] as const;

test("the totals are left when every piece is in", async () => {
  const { left, acked } = await collect([plan, ...answers]);
  expect(left).toEqual({ counts: [15, 1], pieces: 3, answeredTwice: 0 });
  expect(acked).toEqual(["0.1.1", "1.1.1", "2.1.1", "3.1.1"]);
});

test("the plan may come last", async () => {
  expect((await collect([...answers, plan])).left?.counts).toEqual([15, 1]);
});

test("nothing is left while a piece is missing", async () => {
  expect((await collect([plan, ...answers.slice(1)])).left).toBeUndefined();
});

test("an answer that comes twice is counted once and reported", async () => {
  const { left, acked } = await collect([plan, answers[0], answers[0], ...answers.slice(1)]);
  expect(left).toEqual({ counts: [15, 1], pieces: 3, answeredTwice: 1 });
  expect(acked).toHaveLength(5);
});

test("answers and plans of an earlier census are acknowledged and not counted", async () => {
  const others = [
    ["reply", "earlier 0 0 99"],
    ["plan", "earlier 1 1"],
    ["reply", ""],
  ] as const;
  const { left, acked } = await collect([...others, plan, ...answers]);
  expect(left?.counts).toEqual([15, 1]);
  expect(acked).toHaveLength(7);
});

test("a census of no files is complete at once", async () => {
  expect((await collect([["plan", "now 0 0"]])).left).toEqual({
    counts: [],
    pieces: 0,
    answeredTwice: 0,
  });
});

async function collect(messages: (readonly [string, string])[]) {
  const set = stage();
  const lines = messages.map(([type, body], place) => `${delivery(`${place}.1.1`, type, body)}\n`);
  const output = (await run(set, bun("collector.ts"), lines.join(""))).trimEnd().split("\n");
  const acked = output.map((line) => JSON.parse(line).ack);
  return { left: find(set.env["CENSUS_WORK"]!, "totals"), acked };
}
