import { join } from "node:path";
import { describe, expect, test } from "bun:test";
import { order } from "../../src/agents/order.ts";
import { answerOrder, openOrders, takeOrder } from "../../src/agents/orders.ts";
import { askToStop, closeRun, noteStopping, openRun, unseenMaxMs } from "../../src/agents/runs.ts";
import type { SkepError } from "../../src/core/errors.ts";
import { ownIdentity, pidNamespace, processState } from "../../src/core/identity.ts";
import type { Store } from "../../src/store/store.ts";
import { tempBuses } from "../helpers/temp-bus.ts";
import { waitUntil } from "../helpers/wait-until.ts";
import { fixtures, idle, swarmPlaces } from "./swarm-place.ts";

const newPlace = swarmPlaces();
const { handBus } = tempBuses();
const never = new AbortController().signal;

test("a wish is done, or refused as the supervisor says, and then the swarm is stopped", async () => {
  const place = await newPlace();
  const up = place.up({ a: idle });
  await place.becomes("a", "ready");
  const { order, stopSwarm } = place.app;
  expect(await order({ verb: "restart", subject: "a" }, never)).toMatchObject({ agents: ["a"] });
  expect(order({ verb: "restart", subject: "b" }, never)).rejects.toThrow("the swarm s has no b");
  // Otherwise it might have done it before whoever asked looks for the first time.
  const { pid } = (await place.app.lastRun())!;
  await place.halt(pid, { writing: false });
  const impatient = AbortSignal.abort();
  await expect(order({ verb: "pause", subject: "a" }, impatient)).rejects.toMatchObject({
    code: "E_BUSY",
    message: "s has yet to pause a",
  });
  process.kill(pid, "SIGCONT");
  await place.becomes("a", "paused");
  const summary = await stopSwarm(20_000, never);
  expect(summary).toMatchObject({ run: 1, agents: { stopped: 1 }, conservation: { holds: true } });
  expect((await up.ended).status).toBe(0);
  expect(await stopSwarm(20_000, never)).toBeUndefined();
  expect(order({ verb: "pause", subject: "a" }, never)).rejects.toThrow("no swarm runs here");
});

test("a stopped supervisor is told, and what was wished of it is taken back", async () => {
  const place = await newPlace();
  const up = place.up({ a: idle });
  await place.becomes("a", "ready");
  const { pid } = (await place.app.lastRun())!;
  await place.halt(pid, { writing: false });
  expect(place.app.order({ verb: "pause", subject: "a" }, never)).rejects.toThrow(
    `(process ${pid}) is stopped, and sees to nothing`,
  );
  await waitUntil("it is taken back", async () => {
    const row = await place.app.store.read((tx) => tx.get("select 1 from orders"));
    return row === undefined;
  });
  // Down wakes it.
  expect(await place.app.stopSwarm(20_000, never)).toMatchObject({ agents: { stopped: 1 } });
  expect((await up.ended).status).toBe(0);
});

test("what a supervisor has begun with cannot be taken back, and whoever asked is told that it goes on", async () => {
  const place = await newPlace();
  // It does not hear the signal, so the restart takes as long as its grace.
  const deaf = { command: ["sh", join(fixtures, "deaf.sh")] };
  const up = place.up({ a: { ...deaf, stop_grace: "1h" } });
  await place.becomes("a", "ready");
  await waitUntil("it is deaf", () => place.log("a") === "deaf\n");
  const { pid } = (await place.app.lastRun())!;
  const asked = place.app
    .order({ verb: "restart", subject: "a" }, never)
    .catch((error: SkepError) => error);
  const orders = () =>
    place.app.store.read((tx) => tx.all<{ taken_at: number }>("select taken_at from orders"));
  await waitUntil("it has begun", async () => (await orders())[0]?.taken_at != null);
  await place.halt(pid, { writing: false });
  const told = (await asked) as SkepError;
  process.kill(pid, "SIGCONT");
  expect([told.code, told.message, told.hint]).toEqual([
    "E_BUSY",
    expect.stringContaining(`(process ${pid}) is stopped`),
    `Let it go on with kill -CONT ${pid}, and it goes on to restart a: it had begun.`,
  ]);
  expect(await orders()).toHaveLength(1);
  up.kill("SIGTERM");
  await waitUntil("it drains", () => up.stderr().includes("draining"));
  up.kill("SIGTERM");
  await up.ended;
});

test("down ends what a dead supervisor left, with nobody there to ask", async () => {
  const place = await newPlace();
  const up = place.up({ a: idle });
  await place.becomes("a", "ready");
  await place.killAll(up);
  await up.ended;
  expect(await place.app.stopSwarm(0, never)).toMatchObject({
    run: 1,
    conservation: { holds: true },
  });
});

const wish = { verb: "pause", subject: "a" } as const;

/** A run whose supervisor lives, and sees to nothing. */
async function busyRun(supervisor = ownIdentity(), namespace = pidNamespace()) {
  const { store, clock } = await handBus();
  const place = { boot: clock.boot, namespace, guardianPid: null };
  const described = { swarm: "s", file: "/s.toml", mark: "m", ...place, ...supervisor };
  const run = await store.write((tx) => openRun(tx, described));
  const placed = () => store.read((tx) => openOrders(tx, run));
  /** Places the wish: what comes of it. */
  const ask = async () => {
    let looks = 0;
    const read: Store["read"] = (fn) => (looks++, store.read(fn));
    const asked = order({ store: { ...store, read }, clock }, wish, never).catch(
      (error: SkepError) => error,
    );
    await waitUntil("it is placed", async () => (await placed()).length === 1);
    /** Resolves when whoever asks has looked once more, from beginning to end. */
    const looked = async () => {
      const before = looks;
      await waitUntil("it has looked", () => looks >= before + 2);
    };
    return { outcome: asked, looked };
  };
  return { store, clock, run, placed, ask };
}

test("what was done before its supervisor ended was done, however late whoever asked hears of it", async () => {
  const supervisor = Bun.spawn(["sleep", "1000"]);
  const { store, clock, run } = await busyRun(processState(supervisor.pid));
  let looks = 0;
  const slow: Store = {
    ...store,
    async read(fn) {
      const seen = await store.read(fn);
      // Nothing yet; and before anything is made of that, the answer and the end.
      if (++looks > 1) return seen;
      await store.write(async (tx) => {
        const [placed] = await openOrders(tx, run);
        await answerOrder(tx, placed!.id, { agents: ["a"] });
      });
      supervisor.kill("SIGKILL");
      await supervisor.exited;
      return seen;
    },
  };
  expect(await order({ store: slow, clock }, wish, never)).toEqual({ agents: ["a"] });
});

test("one in another container is asked for as long as it is heard of", async () => {
  const { store, clock, run, ask } = await busyRun(ownIdentity(), "another");
  const { outcome, looked } = await ask();
  await store.write(async (tx) => {
    const seen = tx.tick + unseenMaxMs;
    await tx.run("update runs set seen_tick = $seen where id = $run", { seen, run });
  });
  // Longer than it was heard of at first, and not yet as long as it was since.
  clock.pass(unseenMaxMs + 1);
  await Promise.race([outcome, looked()]);
  await store.write(async (tx) => {
    const [placed] = await openOrders(tx, run);
    await answerOrder(tx, placed!.id, { agents: ["a"] });
  });
  expect(await outcome).toEqual({ agents: ["a"] });
});

describe("as the swarm goes down", () => {
  const goingDown = { code: "E_RUNNING", message: expect.stringContaining("s is going down") };

  test("what nobody has begun with is taken back", async () => {
    for (const byItself of [true, false]) {
      const { store, run, placed, ask } = await busyRun();
      const { outcome } = await ask();
      await store.write(async (tx) => {
        if (byItself) await noteStopping(tx, run);
        else await askToStop(tx, run, 1_000);
      });
      expect(await outcome).toMatchObject(goingDown);
      expect(await placed()).toEqual([]);
    }
  });
  test("nothing is wished of it any more", async () => {
    const { store, clock, run, placed } = await busyRun();
    await store.write((tx) => askToStop(tx, run, 1_000));
    expect(order({ store, clock }, wish, never)).rejects.toMatchObject(goingDown);
    expect(await placed()).toEqual([]);
  });
  test("what it has begun with is waited for, and no longer than there is a swarm", async () => {
    for (const isAnswered of [true, false]) {
      const { store, run, placed, ask } = await busyRun();
      const { outcome } = await ask();
      const { id } = (await placed())[0]!;
      await store.write(async (tx) => {
        await takeOrder(tx, id);
        await askToStop(tx, run, 1_000);
      });
      await store.write(async (tx) => {
        if (isAnswered) await answerOrder(tx, id, { agents: ["a"] });
        await closeRun(tx, run, "{}");
      });
      const gone = { code: "E_NOT_FOUND", message: "no swarm runs here" };
      expect(await outcome).toMatchObject(isAnswered ? { agents: ["a"] } : gone);
    }
  });
});
