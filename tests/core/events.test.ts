import { expect, test } from "bun:test";
import { createEmitter } from "../../src/core/events.ts";

test("every listener of a fact hears it, in the order they came, and no other does", () => {
  const events = createEmitter();
  const heard: string[] = [];
  events.on("agent.ended", ({ name, reason }) => heard.push(`first: ${name} ${reason}`));
  events.on("agent.ended", ({ name }) => heard.push(`second: ${name}`));
  events.on("agent.started", () => heard.push("started"));
  events.emit("agent.ended", { name: "a", state: "dead", reason: "killed", killed: 0 });
  expect(heard).toEqual(["first: a killed", "second: a"]);
});

test("a fact that nobody listens to is no fault", () => {
  createEmitter().emit("agent.started", { name: "a", pid: 1 });
});
