import { describe, expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { waitUntil } from "../helpers/wait-until.ts";
import { workshops } from "./workshop.ts";

const workshop = workshops();
const longMs = 600_000;

/** An agent that takes a message at a time, and answers it once it may. */
async function agent(options: { pauseMaxMs?: number } = {}) {
  const shop = await workshop(options);
  const go = join(shop.bus.home, "go");
  const begun = join(shop.bus.home, "begun");
  const command = `touch ${begun}; until test -e ${go}; do sleep 0.01; done; cat`;
  const host = await shop.host({ runner: "exec", command: ["sh", "-c", command] });
  return { shop, host, begun: () => existsSync(begun), letGo: () => writeFileSync(go, "") };
}

describe("an agent that is held back", () => {
  test("rests with its next message in hand, and begins with it when it is to stop", async () => {
    const { shop, host, begun, letGo } = await agent();
    letGo();
    host.held.hold(1, longMs);
    const id = await shop.send("x");
    await shop.becomes(id, "leased");
    // That nothing happens can only be waited for; it would take a tenth of this.
    await Bun.sleep(100);
    expect(begun()).toBe(false);
    await host.stop();
    expect(await shop.fate(id)).toMatchObject({ state: "acked", attempt: 1 });
  });
  test("has answered what it did before it rests", async () => {
    const { shop, host, begun, letGo } = await agent();
    const first = await shop.send("first", { replyTo: "answers" });
    await waitUntil("the first is at work", begun);
    const second = await shop.send("second");
    host.held.hold(1, longMs);
    letGo();
    expect(await shop.take("answers")).toMatchObject({ text: "first" });
    expect(await shop.fate(first)).toMatchObject({ state: "acked" });
    expect(await shop.fate(second)).toMatchObject({ state: "leased" });
  });
  test("rests for no longer than it may", async () => {
    const { shop, host, letGo } = await agent({ pauseMaxMs: 10 });
    letGo();
    host.held.hold(1, longMs);
    const ids = [await shop.send("x"), await shop.send("y"), await shop.send("z")];
    for (const id of ids) await shop.becomes(id, "acked");
  });
});
