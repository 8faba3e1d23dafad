import { beforeAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { closeIntake } from "../../../src/bus/intake.ts";
import { skepExecutable } from "../../helpers/executable.ts";
import { waitUntil } from "../../helpers/wait-until.ts";
import { renewals } from "../renewals.ts";
import { type Workshop, fixtures, workshops } from "../workshop.ts";

const workshop = workshops();
let executable: string;
beforeAll(async () => {
  executable = await skepExecutable();
}, 240_000);

describe("while it works", () => {
  test("recv without an inbox claims from the agent's, a shared one too, and its leases are kept", async () => {
    const shop = await workshop({ leaseMs: 1_000 });
    const go = join(shop.bus.home, "go");
    const id = await shop.send(`hold ${go}`, { to: "jobs" });
    await worker(shop, "jobs");
    await shop.becomes(id, "leased");
    await renewals(shop, id, 3);
    writeFileSync(go, "");
    expect(await shop.becomes(id, "acked")).toEqual({ state: "acked", attempt: 1, attempts: [] });
  });
  test("but not beyond max_run: somebody else gets it, and the late ack is stale", async () => {
    let tick = 0;
    const shop = await workshop({ leaseMs: 600, maxRunMs: 60_000, tick: () => tick });
    const go = join(shop.bus.home, "go");
    const id = await shop.send(`hold ${go}`);
    await worker(shop);
    await shop.becomes(id, "leased");
    await renewals(shop, id, 2);
    tick = 59_999;
    await renewals(shop, id, 2);
    tick = 60_000;
    expect((await shop.take("a")).attempt).toBe(2);
    writeFileSync(go, "");
    await waitUntil("its ack is refused", () => shop.log().includes("ack failed: 5"));
    expect((await shop.fate(id)).attempts).toMatchObject([{ outcome: "expired" }]);
  });
  test("what it prints goes to the log", async () => {
    const shop = await workshop();
    const command = ["sh", "-c", "echo out; echo err >&2"];
    const host = await shop.host({ runner: "self", command });
    await host.ended;
    expect(shop.log().split("\n").sort()).toEqual(["", "err", "out"]);
  });
  test("its input is at its end from the start", async () => {
    const shop = await workshop();
    const host = await shop.host({ runner: "self", command: ["cat"] });
    expect(await host.ended).toEqual({ state: "stopped", reason: null });
  });
});

describe("when it ends", () => {
  test("exit 0 is an agent that is done, anything else one that has failed", async () => {
    for (const [command, state, reason] of [
      [["true"], "stopped", null],
      [["false"], "failed", "false exited with 1"],
      [["sh", "-c", "kill -TERM $$"], "failed", "sh was ended by SIGTERM"],
    ] as const) {
      const shop = await workshop();
      const host = await shop.host({ runner: "self", command: [...command] });
      expect(await host.ended).toEqual({ state, reason });
      expect(await shop.agent()).toMatchObject({ state, reason, programPid: null });
    }
  });
  test("what it held goes to others at once, and costs an attempt", async () => {
    const shop = await workshop();
    const id = await shop.send("exit 7");
    await worker(shop);
    const { state, attempt, attempts } = await shop
      .becomes(id, "ready", "leased", "acked")
      .then(() =>
        waitUntil("it came back", async () => {
          const now = await shop.fate(id);
          return now.attempts.length === 1 && now;
        }),
      );
    expect([state, attempt]).toEqual(["ready", 1]);
    expect(attempts).toEqual([{ outcome: "died", reason: "sh exited with 7" }]);
  });
  test("missing from the start: the agent has failed", async () => {
    const shop = await workshop();
    const host = await shop.host({ runner: "self", command: ["no-such-program"] });
    expect(await host.ended).toMatchObject({ state: "failed" });
  });
});

describe("when the agent is to stop", () => {
  test("it may finish what it holds", async () => {
    const shop = await workshop();
    const go = join(shop.bus.home, "go");
    const id = await shop.send(`hold ${go}`);
    const host = await worker(shop);
    await shop.becomes(id, "leased");
    const stopped = performance.now();
    const ended = host.stop();
    // Longer than one gets that holds nothing.
    await waitUntil("it takes its time", () => performance.now() - stopped > 1_200);
    writeFileSync(go, "");
    expect(await ended).toEqual({ state: "stopped", reason: null });
    expect((await shop.fate(id)).state).toBe("acked");
  });
  test("it hears of the drain at its next claim, and ends by itself", async () => {
    // However long that takes.
    const shop = await workshop({ leaveMs: 3_600_000 });
    const go = join(shop.bus.home, "go");
    const id = await shop.send(`hold ${go}`);
    const host = await worker(shop);
    await shop.becomes(id, "leased");
    await shop.bus.store.write((tx) => closeIntake(tx, tx.tick + 3_600_000));
    const ended = host.stop();
    writeFileSync(go, "");
    expect(await ended).toEqual({ state: "stopped", reason: null });
    expect((await shop.fate(id)).state).toBe("acked");
    expect(shop.log()).toContain("the bus is draining");
  });
  test("a program that holds nothing and stays gets SIGTERM, and then SIGKILL", async () => {
    const shop = await workshop({ stopGraceMs: 50 });
    const command = ["sh", join(fixtures, "deaf.sh")];
    const host = await shop.host({ runner: "self", command });
    await waitUntil("it is deaf", () => shop.log() === "deaf\n");
    expect(await host.stop()).toEqual({ state: "stopped", reason: null });
  });
});

/** Starts self-worker.sh as the program of `a`, with skep on its PATH. */
function worker(shop: Workshop, inbox = "a") {
  const { home, settings } = shop.bus;
  writeFileSync(join(home, "skep.toml"), `[bus]\nlease = "${settings.leaseMs}ms"\n`);
  const command = ["sh", join(fixtures, "self-worker.sh")];
  return shop.host(
    { runner: "self", command, inbox },
    {
      PATH: `${dirname(executable)}:${process.env["PATH"]}`,
      SKEP_HOME: home,
      SKEP_AGENT: "a",
      SKEP_TOKEN: "secret",
    },
  );
}
