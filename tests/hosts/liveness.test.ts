import { describe, expect, test } from "bun:test";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Live } from "../../src/hosts/runner.ts";
import { exists, readOrNothing } from "../agents/swarm-place.ts";
import { waitUntil } from "../helpers/wait-until.ts";
import { fixtures, workshops } from "./workshop.ts";

const workshop = workshops();

/** It lives as long as there is a file `alive` in its directory. */
const live: Live = {
  command: ["test", "-e", "alive"],
  everyMs: 50,
  // What it is asked by are processes: on a busy machine they start slowly.
  timeoutMs: 60_000,
  failures: 3,
};

async function livingShop() {
  const shop = await workshop();
  const alive = join(shop.bus.home, "alive");
  writeFileSync(alive, "");
  return { ...shop, die: () => rmSync(alive) };
}

const reason = "its liveness probe failed 3 times: test exited with 1";

describe("an agent whose probe fails often enough in a row has failed, and what it held goes to others", () => {
  test("with a program that hangs, which is killed", async () => {
    const shop = await livingShop();
    const command = ["sh", "-c", "trap '' TERM; read line; sleep 1000; sleep 1000"];
    const host = await shop.host({ runner: "stream", command, live });
    const { pid } = await shop.program();
    const id = await shop.send("x");
    await shop.becomes(id, "leased");
    shop.die();
    expect(await host.ended).toEqual({ state: "failed", reason });
    expect(exists(pid)).toBe(false);
    expect(await shop.fate(id)).toMatchObject({ attempts: [{ outcome: "died", reason }] });
    expect(shop.log().match(/skep: liveness: test exited with 1/g)).toHaveLength(3);
  });
  test("with a program for each message, the one at work and none at all", async () => {
    for (const working of [true, false]) {
      const shop = await livingShop();
      const command = ["sh", "-c", "echo $$ >pid; exec sleep 1000"];
      const host = await shop.host({ runner: "exec", command, live });
      const id = working ? await shop.send("x") : undefined;
      if (id !== undefined) await shop.becomes(id, "leased");
      const pid = join(shop.bus.home, "pid");
      if (working) await waitUntil("it works", () => readOrNothing(pid) !== "");
      shop.die();
      expect(await host.ended).toEqual({ state: "failed", reason });
      if (id === undefined) continue;
      expect(exists(Number(readFileSync(pid, "utf8")))).toBe(false);
      expect((await shop.fate(id)).state).toBe("ready");
    }
  });
  test("with a function that does not return, which is left alone; what it answers later is stale", async () => {
    const shop = await livingShop();
    const go = join(shop.bus.home, "go");
    const host = await shop.host({
      runner: "module",
      module: join(fixtures, "handlers.ts"),
      live,
    });
    const [held, next] = [await shop.send(`hold ${go}`), await shop.send("nothing")];
    await shop.becomes(held, "leased");
    shop.die();
    expect(await host.ended).toEqual({ state: "failed", reason });
    writeFileSync(go, "");
    await Bun.sleep(50);
    for (const id of [held, next]) expect((await shop.fate(id)).state).toBe("ready");
  });
});

test("failures with successes between them are none", async () => {
  const shop = await workshop();
  const count = join(shop.bus.home, "count");
  const script = "echo x >>count; test $(($(wc -l <count) % 3)) = 0";
  const command = ["sh", "-c", script];
  const host = await shop.host({
    runner: "self",
    command: ["sleep", "1000"],
    live: { ...live, command, everyMs: 1 },
  });
  await waitUntil("it was asked often", () => countOf(count) >= 12);
  expect(await host.stop()).toMatchObject({ state: "stopped" });
});

test("a probe that takes too long is a failure", async () => {
  const shop = await workshop();
  const command = ["sleep", "1000"];
  const slow = { command, everyMs: 10, timeoutMs: 20, failures: 2 };
  const host = await shop.host({ runner: "self", command, live: slow });
  const why = "its liveness probe failed 2 times: sleep took longer than 20 ms";
  expect(await host.ended).toEqual({ state: "failed", reason: why });
});

function countOf(path: string): number {
  try {
    return readFileSync(path, "utf8").length / 2;
  } catch {
    return 0;
  }
}
