import { expect, test } from "bun:test";
import { agentNames } from "../../src/config/agent-names.ts";

test("without a count there is one agent, called like its group", () => {
  expect(agentNames("a", undefined)).toEqual(["a"]);
});
test("with a count they are numbered from 1, even a single one", () => {
  expect(agentNames("a", 1)).toEqual(["a-1"]);
  expect(agentNames("a", 3)).toEqual(["a-1", "a-2", "a-3"]);
});
test("a pattern says where the number goes, and how many digits it has at least", () => {
  expect(agentNames("a", 2, "w{n}")).toEqual(["w1", "w2"]);
  expect(agentNames("a", 2, "{n:3}.w")).toEqual(["001.w", "002.w"]);
  expect(agentNames("a", 10, "w{n:1}").at(-1)).toBe("w10");
  expect(agentNames("a", 1, "$&{n}")).toEqual(["$&1"]);
});
