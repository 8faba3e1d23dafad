import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { claimTx } from "../../src/bus/claim.ts";
import { processState } from "../../src/core/identity.ts";
import { waitUntil } from "../helpers/wait-until.ts";
import { leaseTick, renewals } from "./renewals.ts";
import { workshops } from "./workshop.ts";

const workshop = workshops();

test("the leases of a program at work are renewed; of one that has been stopped for a minute no more", async () => {
  let tick = 0;
  const shop = await workshop({ leaseMs: 120, tick: () => tick });
  const pidFile = join(shop.bus.home, "pid");
  const script = `echo $$ > ${pidFile}.new; mv ${pidFile}.new ${pidFile}; while :; do sleep 0.01; done`;
  await shop.host({ runner: "exec", command: ["sh", "-c", script] });
  const id = await shop.send("x");
  await waitUntil("it works", () => existsSync(pidFile));
  const pid = Number(await Bun.file(pidFile).text());
  const stop = async () => {
    process.kill(pid, "SIGSTOP");
    await waitUntil("it is stopped", () => processState(pid)?.state === "T");
  };
  await renewals(shop, id, 3);

  // A short stop is no reason: somebody may look at it with a debugger.
  await stop();
  await renewals(shop, id, 2);
  // Less than a minute each time, and more than one together.
  tick = 59_999;
  await renewals(shop, id, 2);
  process.kill(pid, "SIGCONT");
  await renewals(shop, id, 2);
  await stop();
  await renewals(shop, id, 2);
  // The time it was stopped before does not count.
  tick += 59_999;
  await renewals(shop, id, 2);
  tick += 1;
  const taken = await shop.take("a");
  expect(taken.attempt).toBe(2);
  expect((await shop.fate(id)).attempts).toMatchObject([{ outcome: "expired" }]);
});

test("a lease that was taken for longer is not cut short", async () => {
  const shop = await workshop({ leaseMs: 60 });
  const [id, other] = [await shop.send("x"), await shop.send("y")];
  const claim = { inbox: "a", holder: "a", max: 1 };
  const { store, settings } = shop.bus;
  await store.write((tx) => claimTx(tx, settings, { ...claim, leaseMs: 3_600_000 }));
  await store.write((tx) => claimTx(tx, settings, { ...claim, leaseMs: 60 }));
  const long = await leaseTick(shop, id);
  await shop.host({ runner: "self", command: ["sleep", "1000"] });
  await renewals(shop, other, 2);
  expect(await leaseTick(shop, id)).toBe(long);
});

test("nobody else's leases are renewed", async () => {
  const shop = await workshop({ leaseMs: 60 });
  const id = await shop.send("x");
  const { store, settings } = shop.bus;
  const claim = { inbox: "a", holder: "b", max: 1, leaseMs: 200 };
  await store.write((tx) => claimTx(tx, settings, claim));
  await shop.host({ runner: "self", command: ["sleep", "1000"] });
  expect((await shop.take("a")).attempt).toBe(2);
  expect((await shop.fate(id)).attempts).toMatchObject([{ outcome: "expired" }]);
});
