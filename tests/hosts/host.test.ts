import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { defaults } from "../../src/config/settings.ts";
import { randomHex } from "../../src/core/ids.ts";
import { findMarked } from "../../src/agents/survivors.ts";
import { launch, signalProcess } from "../../src/agents/process.ts";
import { closeRun, findOpenRun, noteStopping, openRun } from "../../src/agents/runs.ts";
import { endWithoutSupervisor } from "../../src/hosts/host.ts";
import { openSpares } from "../../src/hosts/spares.ts";
import { waitUntil } from "../helpers/wait-until.ts";
import { sleeps, workshops } from "./workshop.ts";

const workshop = workshops();

test("what an agent holds when it ends of itself costs an attempt, when it is told to stop it does not", async () => {
  for (const [told, outcome] of [
    [false, "died"],
    [true, "returned"],
  ] as const) {
    const shop = await workshop({ stopGraceMs: 50 });
    const id = await shop.send("x");
    const host = await shop.host({
      runner: "stream",
      command: ["sh", "-c", "read line; read end"],
    });
    await shop.becomes(id, "leased");
    if (told) {
      const ended = host.stop();
      // It waits for the answer to what is in hand, which never comes.
      await shop.killPrograms();
      await ended;
    } else await shop.killPrograms();
    const ended = await host.ended;
    expect(ended.state).toBe(told ? "stopped" : "failed");
    expect((await shop.fate(id)).attempts).toMatchObject([{ outcome }]);
  }
});

test("what an agent of the next run holds is not given back by the host of the one before, whatever that run does", async () => {
  const shop = await workshop();
  const id = await shop.send("x");
  const command = ["sh", "-c", "read line; read end"];
  const host = await shop.host({ runner: "stream", command });
  await shop.becomes(id, "leased");
  // As one in another container does that has not heard of its supervisor for long.
  await shop.bus.store.write(async (tx) => {
    const { id: last, ...run } = (await findOpenRun(tx))!;
    await closeRun(tx, last, "{}");
    await noteStopping(tx, await openRun(tx, { ...run, mark: "another" }));
  });
  await shop.killPrograms();
  expect(await host.ended).toMatchObject({ state: "failed" });
  await shop.becomes(id, "leased");
  expect((await shop.fate(id)).attempts).toEqual([]);
});

test("what a killed program leaves behind is ended before its leases go to others", async () => {
  const shop = await workshop();
  const command = ["sh", "-c", "sleep 1000 & sleep 1000"];
  const host = await shop.host({ runner: "self", command }, { SKEP_AGENT: "a" });
  const program = await shop.program();
  // Not while one is about to become what it is: such a one cannot be found.
  await waitUntil(
    "its children run",
    () => findMarked({ run: shop.mark }).filter(sleeps).length === 2,
  );
  process.kill(program.pid, "SIGKILL");
  expect(await host.ended).toMatchObject({ state: "failed" });
  expect(findMarked({ run: shop.mark })).toEqual([]);
});

test("an agent is ready when its program runs, and ended when it has", async () => {
  const shop = await workshop();
  const host = await shop.host({ runner: "stream", command: ["cat"] });
  const { pid } = await shop.program();
  expect(await shop.agent()).toMatchObject({
    state: "ready",
    hostPid: process.pid,
    programPid: pid,
  });
  await host.stop();
  expect(await shop.agent()).toMatchObject({ state: "stopped", programPid: null });
});

test("a program that hears from the bus that the swarm stops, before its host does, has stopped and not failed", async () => {
  const shop = await workshop();
  const go = join(shop.bus.home, "go");
  const script = `until test -e ${go}; do sleep 0.01; done; exit 4`;
  const host = await shop.host({ runner: "self", command: ["sh", "-c", script] });
  await shop.program();
  await shop.bus.store.write(async (tx) => noteStopping(tx, (await findOpenRun(tx))!.id));
  writeFileSync(go, "");
  expect(await host.ended).toEqual({ state: "stopped", reason: null });
});

test("without a supervisor the programs of an agent are ended when their time is over, with one they are not", async () => {
  const run = randomHex(8);
  const env = { PATH: process.env["PATH"]!, SKEP_RUN: run, SKEP_AGENT: "a" };
  const program = { command: ["sleep", "1000"], cwd: "/", env, onStdout() {}, onStderr() {} };
  const child = await launch(program);
  const agents = { ...defaults.agents, stopGraceMs: 1_000, drainTimeoutMs: 20 };
  const { governor } = defaults;
  const parts = { settings: { bus: { leaseMs: 0, maxRunMs: 0 }, agents, governor } };
  const supervisor = await launch({ ...program, env: {} });
  // Whoever is just starting would not be found.
  await waitUntil("it has begun", () => findMarked({ run }).length === 1);
  const draining = new AbortController();
  const ending = endWithoutSupervisor(
    parts,
    { run, supervisor },
    { names: new Set(["a"]), spares: openSpares(0) },
    draining.signal,
  );
  draining.abort();
  // That nothing happens can only be waited for; it would take a fifth of this.
  await Bun.sleep(100);
  expect(findMarked({ run })).toHaveLength(1);
  signalProcess(supervisor, "SIGKILL");
  await ending;
  expect(await child.exited).toEqual({ code: null, signal: "SIGTERM" });
});
