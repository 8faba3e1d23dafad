import { expect, setDefaultTimeout, test } from "bun:test";
import { randomOf } from "../proof/random.ts";
import { faultsIn, reportOf } from "./check.ts";
import { historyOf } from "./history.ts";
import { tellHistory } from "./run-history.ts";
import { shapeOf } from "./shape.ts";

// Processes start slowly on a busy machine.
setDefaultTimeout(240_000);

test("what a few clients do with a bus breaks no promise, and a message less in the end would", async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const shape = {
    ...shapeOf("few", 300, randomOf(seed)),
    processes: 2,
    commands: 0,
    drains: false,
  };
  const { history } = await tellHistory(shape, seed, undefined);
  expect(history.calls.length).toBeGreaterThan(300);
  expect([seed, ...reportOf(history, faultsIn(history))]).toEqual([seed]);

  const { state } = history;
  const [uid] = [...state.messages.keys()].filter((uid) => history.sends.get(uid)?.[0]?.id);
  const messages = new Map(state.messages);
  messages.delete(uid!);
  const [report] = reportOf(
    history,
    faultsIn(historyOf({ ...history, state: { ...state, messages } })),
  );
  expect(report).toStartWith(`nothing lost: ${uid} was accepted as message`);
});
