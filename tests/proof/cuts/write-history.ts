// Fills a home with a history of commits that all stay in the log, says of each how long the log was after it and what
// the database said, and kills itself once the mark has caught up.
// Usage: bun write-history.ts HOME process|power COMMITS
import { statSync } from "node:fs";
import { join } from "node:path";
import type { Bus } from "../../../src/bus/bus.ts";
import { newestNumber } from "../../../src/bus/loss.ts";
import { openBus } from "../../../src/bus/open.ts";
import { sendBatch } from "../../../src/bus/send.ts";
import { subscribeTx } from "../../../src/bus/subscribe.ts";
import { publish } from "../../../src/bus/publish.ts";
import { bytesOf } from "../../../src/core/text.ts";
import { bunDriver } from "../../../src/store/driver-bun.ts";
import { openStore } from "../../../src/store/open.ts";
import { ack, draft, nack, put, takeOne } from "../../bus/verbs.ts";
import { say, testSettings } from "../../fixtures/bus/bus.ts";
import { handClock } from "../../helpers/temp-bus.ts";
import { waitUntil } from "../../helpers/wait-until.ts";
import { stateOf } from "../crash/state.ts";
import type { Commit } from "./history.ts";

const [home, mode, commits] = process.argv.slice(2);
const clock = handClock();
const durability = mode === "power" ? "power" : "process";

async function open(): Promise<Bus> {
  const options = { home: home!, driver: bunDriver, clock, durability, busyTimeoutMs: 5_000 };
  return await openBus(await openStore(options as never), clock, testSettings);
}

/** What is done, one transaction each, again and again. */
const acts: readonly ((bus: Bus, round: number) => Promise<unknown>)[] = [
  (bus, round) => put(bus, "a1", `first of ${round}`, { from: "ada", key: `k${round}` }),
  (bus, round) => put(bus, "a1", "x".repeat(round * 300), { priority: 9 }),
  (bus) =>
    sendBatch(
      bus,
      ["a1", "a2", "a2"].map((to) => draft(to)),
      {
        from: "eve",
        onFull: "fail",
        timeoutMs: 0,
        atomic: true,
      },
    ),
  (bus) =>
    publish(
      bus,
      { topic: "news.today", body: bytesOf("read all about it") },
      { from: null, onFull: "fail", timeoutMs: 0 },
    ),
  async (bus) => void (held = (await takeOne(bus, "a1", { holder: "w" })).receipt),
  (bus) => ack(bus, held, { send: [draft("a3")] }),
  async (bus) => void (held = (await takeOne(bus, "a2", { holder: "w" })).receipt),
  (bus) => nack(bus, held, { reason: "not now", delayMs: 1_000 }),
];
let held = "";

const before = await open();
for (const inbox of ["a1", "a2", "a3"])
  await before.store.write((tx) => subscribeTx(tx, "news.>", inbox));
before.doorbell.close();
// The last one to close it copies the log back.
await before.store.close();

const bus = await open();
await tell();
for (let commit = 0; commit < Number(commits); commit++) {
  const round = Math.floor(commit / acts.length);
  await acts[commit % acts.length]!(bus, round);
  await tell();
}
const newest = await newestIn();
await waitUntil("the mark has caught up", () => bus.store.mark()?.last === newest);
process.kill(process.pid, "SIGKILL");

async function tell(): Promise<void> {
  const { size = 0 } = statSync(join(home!, "bus.db-wal"), { throwIfNoEntry: false }) ?? {};
  const state = String(Bun.hash(await stateOf(bus.store)));
  say({ logBytes: size, newest: await newestIn(), state } satisfies Commit);
}

async function newestIn(): Promise<number> {
  const row = await bus.store.read((tx) =>
    tx.get<{ newest: number | null }>(`select ${newestNumber} as newest`),
  );
  return row!.newest ?? 0;
}
