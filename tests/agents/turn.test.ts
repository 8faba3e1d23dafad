import { join } from "node:path";
import { expect, test } from "bun:test";
import { takeTurn } from "../../src/agents/turn.ts";
import { tempDir } from "../helpers/temp-dir.ts";

const never = new AbortController().signal;

test("one has the turn, and the next one when it gives that up", async () => {
  const path = join(tempDir(), "logs", "skep.log");
  const order: string[] = [];
  const giveUp = await takeTurn(path, never);
  const second = takeTurn(path, never).then((next) => {
    order.push("the second has it");
    return next;
  });
  await new Promise((resolve) => setTimeout(resolve, 0));
  order.push("the first gives it up");
  giveUp();
  // Once more does not take it from whoever has it now.
  giveUp();
  (await second)();
  expect(order).toEqual(["the first gives it up", "the second has it"]);
});

test("whoever is interrupted while it waits has started nothing, and says so", async () => {
  const path = join(tempDir(), "skep.log");
  const giveUp = await takeTurn(path, never);
  const error = await takeTurn(path, AbortSignal.abort()).catch((fault: unknown) => fault);
  giveUp();
  expect(error).toMatchObject({ code: "E_BUSY", message: "nothing was started" });
});
