import { describe, expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { waitUntil } from "../helpers/wait-until.ts";
import { workshops } from "./workshop.ts";

const workshop = workshops();
const longMs = 600_000;
// So low that whoever did anything rests for as long as it may.
const level = 0.001;

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
  test("rests before it claims, so that anybody else may take the message meanwhile", async () => {
    const { shop, host, begun, letGo } = await agent();
    const first = await shop.send("first", { replyTo: "answers" });
    await waitUntil("the first is at work", begun);
    const second = await shop.send("second");
    host.held.hold(level, longMs);
    letGo();
    // What it did before is settled and answered.
    expect(await shop.take("answers")).toMatchObject({ text: "first" });
    expect(await shop.fate(first)).toMatchObject({ state: "acked" });
    // That nothing happens can only be waited for; it would take a tenth of this.
    await Bun.sleep(100);
    expect(await shop.fate(second)).toMatchObject({ state: "ready", attempt: 0 });
    expect(await shop.take("a")).toMatchObject({ text: "second" });
    // Told to stop it rests no longer.
    expect(await host.stop()).toMatchObject({ state: "stopped" });
  });
  test("may be paused in its rest, and goes on with it", async () => {
    const { shop, host, begun, letGo } = await agent();
    const first = await shop.send("first");
    await waitUntil("the first is at work", begun);
    const second = await shop.send("second");
    host.held.hold(level, longMs);
    letGo();
    await shop.becomes(first, "acked");
    host.gate.close();
    host.gate.open();
    await Bun.sleep(100);
    expect(await shop.fate(second)).toMatchObject({ state: "ready", attempt: 0 });
    // It is let go, and what is left of the rest with it.
    host.held.hold(100, longMs);
    host.gate.close();
    host.gate.open();
    await shop.becomes(second, "acked");
  });
  test("that waits for a message has had its rest", async () => {
    const { shop, host, letGo } = await agent();
    letGo();
    await shop.becomes(await shop.send("first"), "acked");
    host.held.hold(level, longMs);
    await shop.becomes(await shop.send("second"), "acked");
  });
  test("rests for no longer than it may", async () => {
    const { shop, host, letGo } = await agent({ pauseMaxMs: 10 });
    letGo();
    host.held.hold(level, longMs);
    const ids = [await shop.send("x"), await shop.send("y"), await shop.send("z")];
    for (const id of ids) await shop.becomes(id, "acked");
  });
});
