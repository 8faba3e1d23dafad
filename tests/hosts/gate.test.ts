import { expect, test } from "bun:test";
import { openGate } from "../../src/hosts/gate.ts";

const never = new AbortController().signal;

test("whoever waits in front of a closed gate goes on when it opens, or when it is told to stop", async () => {
  const gate = openGate();
  await gate.opened(never);
  gate.close();
  expect(gate.closed).toBe(true);
  const passed: string[] = [];
  const stop = new AbortController();
  const waiting = gate.opened(never).then(() => passed.push("opened"));
  const stopped = gate.opened(stop.signal).then(() => passed.push("stopped"));
  stop.abort();
  await stopped;
  expect(passed).toEqual(["stopped"]);
  gate.open();
  await waiting;
  expect(gate.closed).toBe(false);
});

test("what goes on when it closes is cut off, each time anew", () => {
  const gate = openGate();
  const changes: boolean[] = [];
  gate.onChange(() => changes.push(gate.closed));
  const first = gate.closing;
  gate.close();
  gate.close();
  expect(first.aborted).toBe(true);
  gate.open();
  gate.open();
  expect(gate.closing.aborted).toBe(false);
  gate.close();
  expect(changes).toEqual([true, false, true]);
});
