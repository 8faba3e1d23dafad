import { expect, test } from "bun:test";
import {
  askToStop,
  checkFence,
  closeRun,
  countsOfLastRun,
  findLastRun,
  findOpenRun,
  findRun,
  isOfHere,
  isSupervised,
  noteCounts,
  noteSeen,
  noteStopping,
  openRun,
  runsAlready,
} from "../../src/agents/runs.ts";
import { ownIdentity, pidNamespace } from "../../src/core/identity.ts";
import type { Store } from "../../src/store/store.ts";
import { tempBuses } from "../helpers/temp-bus.ts";

const { handBus } = tempBuses();

function open({ write }: Store, boot = "first boot"): Promise<number> {
  const place = { boot, namespace: pidNamespace(), guardianPid: null };
  const described = { swarm: "s", file: "/s.toml", mark: "m", ...place, ...ownIdentity() };
  return write((tx) => openRun(tx, described));
}

test("one run is open at a time, and the newest is the last", async () => {
  const { store } = await handBus();
  expect(await store.read(findLastRun)).toBeUndefined();
  const run = await open(store);
  expect(await store.read(findOpenRun)).toMatchObject({
    id: run,
    swarm: "s",
    state: "running",
    pid: process.pid,
    stopAskedAt: null,
  });
  await expect(open(store)).rejects.toMatchObject({
    code: "E_RUNNING",
    message: `the swarm s runs here already, under process ${process.pid}`,
  });
  await store.write((tx) => closeRun(tx, run, '{"run":1}'));
  expect(await store.read(findOpenRun)).toBeUndefined();
  const next = await open(store);
  expect((await store.read(findLastRun))?.id).toBe(next);
  const first = await store.read((tx) => findRun(tx, run));
  expect(first).toMatchObject({ state: "stopped", summary: '{"run":1}' });
});

test("a stop is asked for once, and not of one that is stopping by itself", async () => {
  const { store } = await handBus();
  const run = await open(store);
  const ask = (timeoutMs: number) => store.write((tx) => askToStop(tx, run, timeoutMs));
  expect([await ask(5), await ask(7)]).toEqual([true, false]);
  expect(await store.read(findOpenRun)).toMatchObject({ stopTimeoutMs: 5 });
  await store.write((tx) => closeRun(tx, run, "{}"));
  const next = await open(store);
  await store.write((tx) => noteStopping(tx, next));
  expect(await store.write((tx) => askToStop(tx, next, 5))).toBe(false);
  expect(await store.read(findOpenRun)).toMatchObject({ state: "stopping", stopAskedAt: null });
});

test("a supervisor is that very process, in that very boot", async () => {
  const { store } = await handBus();
  await open(store);
  const run = (await store.read(findOpenRun))!;
  const tick = run.seenTick + 1_000_000;
  expect(isSupervised(run, "first boot", tick)).toBe(true);
  expect(isSupervised(run, "second boot", tick)).toBe(false);
  const reused = { ...run, startTime: run.startTime + 1 };
  expect(isSupervised(reused, "first boot", tick)).toBe(false);
});

test("one in another pid namespace is believed to be there for a minute after it was heard of, whatever its number means here", async () => {
  const { store, clock } = await handBus();
  await open(store);
  const run = { ...(await store.read(findOpenRun))!, namespace: "pid:[1]" };
  expect(isOfHere(run, "first boot")).toBe(false);
  expect(isSupervised(run, "first boot", run.seenTick + 59_999)).toBe(true);
  expect(isSupervised(run, "first boot", run.seenTick + 60_000)).toBe(false);
  // Whoever would start one beside it is told how long that is.
  const said = runsAlready(run, run.seenTick + 12_000);
  expect([said.message, said.hint]).toEqual([
    expect.stringContaining("of another container or pid namespace, last heard of 12.0s ago"),
    expect.stringContaining("wait 48.0s"),
  ]);
  expect(runsAlready({ ...run, namespace: pidNamespace() }, run.seenTick).message).toEndWith(
    `under process ${run.pid}`,
  );
  clock.pass(30_000);
  await store.write((tx) => noteSeen(tx, run.id));
  expect((await store.read(findOpenRun))!.seenTick).toBe(run.seenTick + 30_000);
});

test("whoever writes for a run that somebody else has ended is refused", async () => {
  const { store } = await handBus();
  const run = await open(store);
  await store.read((tx) => checkFence(tx, run));
  await store.write((tx) => closeRun(tx, run, "{}"));
  await expect(store.read((tx) => checkFence(tx, run))).rejects.toMatchObject({
    code: "E_RUNNING",
  });
});

test("how many agents a group has is remembered from one run to the next", async () => {
  const { store } = await handBus();
  expect(await store.read(countsOfLastRun)).toEqual({});
  const run = await open(store);
  await store.write((tx) => noteCounts(tx, run, { a: 3 }));
  expect(await store.read(countsOfLastRun)).toEqual({ a: 3 });
});
