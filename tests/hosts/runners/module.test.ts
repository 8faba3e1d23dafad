import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { type Workshop, fixtures, workshops } from "../workshop.ts";

const workshop = workshops();

describe("what handle returns", () => {
  test("a text is the reply, from a promise too", async () => {
    const shop = await workshop();
    await handlers(shop);
    for (const [way, suffix] of [
      ["text", ""],
      ["later", " later"],
    ]) {
      const id = await shop.send(way!, { replyTo: "answers" });
      expect((await shop.take("answers")).text).toBe(`did ${id}${suffix}`);
      expect((await shop.fate(id)).state).toBe("acked");
    }
  });
  test("{ reply, send } is committed with the ack", async () => {
    const shop = await workshop();
    await handlers(shop);
    const id = await shop.send("both", { replyTo: "answers" });
    expect((await shop.take("answers")).text).toBe(`did ${id}`);
    for (const text of ["one", "two"])
      expect(await shop.take("b")).toMatchObject({ text, from: "a" });
  });
  test("nothing is an ack, and the slot of a reply is given up", async () => {
    const shop = await workshop();
    await handlers(shop);
    const id = await shop.send("nothing", { replyTo: "answers" });
    await shop.becomes(id, "acked");
    expect(await shop.ledger("answers")).toMatchObject({ reserved: 0, sent: 0 });
  });
  test("what it throws is logged with its own frames, and none of ours", async () => {
    const shop = await workshop();
    await handlers(shop);
    await shop.becomes(await shop.send("throw"), "delayed");
    expect(shop.log()).toMatch(/^Error: cannot do it\n +at \S.*handlers\.ts/);
    expect(shop.log()).not.toContain("runners/module.ts");
  });
  test("what it throws is the reason of a refusal, and so is what it cannot have meant", async () => {
    const shop = await workshop();
    await handlers(shop);
    for (const [way, reason] of [
      ["throw", "cannot do it"],
      ["reject", "cannot do it later"],
      ["number", "handle returned a number"],
      ["typo", 'an answer has no "replay"'],
    ]) {
      const id = await shop.send(way!);
      const { attempts } = await shop.becomes(id, "delayed");
      expect(attempts).toEqual([{ outcome: "nacked", reason: reason! }]);
    }
    expect(shop.log()).toMatch(/Error: cannot do it\n +at .*handlers\.ts/);
  });
});

test("what it says goes to the log, and to the console again when the agent has stopped", async () => {
  const shop = await workshop();
  const { log } = console;
  const host = await handlers(shop);
  await shop.becomes(await shop.send("say"), "acked");
  expect(await host.stop()).toEqual({ state: "stopped", reason: null });
  expect(shop.log()).toBe("to the console\nand to its other half\nand straight out\n");
  expect(console.log).toBe(log);
});

test("a module without handle, or that cannot be loaded, is an agent that has failed", async () => {
  for (const [file, reason] of [
    ["no-handle.ts", /no-handle\.ts exports no function handle$/],
    ["throws-at-load.ts", /throws-at-load\.ts cannot be loaded: Error: not today$/],
    ["missing.ts", /missing\.ts cannot be loaded: /],
  ] as const) {
    const shop = await workshop();
    const id = await shop.send("x");
    const host = await shop.host({ runner: "module", module: join(fixtures, file) });
    const ended = await host.ended;
    expect(ended.state).toBe("failed");
    expect(ended.reason).toMatch(reason);
    expect(await shop.fate(id)).toMatchObject({ state: "ready", attempt: 0 });
  }
});

/** Starts the host of `a` with handlers.ts. */
function handlers(shop: Workshop) {
  return shop.host({ runner: "module", module: join(fixtures, "handlers.ts") });
}
