// What lies in a bus before something is done to it, and is killed.
import { registerAgent } from "../../../src/agents/registry.ts";
import { openRun } from "../../../src/agents/runs.ts";
import type { Bus } from "../../../src/bus/bus.ts";
import { subscribeTx } from "../../../src/bus/subscribe.ts";
import { ack, nack, put, take, takeOne } from "../../bus/verbs.ts";

export interface Operation {
  /** Lays what it works on into an empty bus. */
  prepare(bus: Bus): Promise<unknown>;
  act(bus: Bus): Promise<unknown>;
  /** How many transactions change something: the promise of the bus, not what it happens to do. */
  changes: number;
  /** It is the migration of a home of the first version, by whoever opens it. */
  migrates?: true;
}

export const quietly = { from: "ada", onFull: "fail", timeoutMs: 0 } as const;
export const someone = { pid: 1, startTime: 1, boot: "b", namespace: "n", guardianPid: null };
export const aDayMs = 86_400_000;

export const nothing = async () => {};
export const three = async (bus: Bus) => {
  for (const body of ["one", "two", "three"]) await put(bus, "a1", body, { from: "ada" });
};
export const held = async (bus: Bus) => {
  await three(bus);
  await take(bus, "a1", { holder: "w", max: 2 });
};
export const receiptIn = async (bus: Bus) =>
  (await bus.store.read((tx) =>
    tx.get<{ receipt: string }>(
      `select id || '.' || epoch || '.' || nonce as receipt from deliveries
        where state = 'leased' order by id limit 1`,
    ),
  ))!.receipt;
export const asked = async (bus: Bus) => {
  await put(bus, "a1", "?", { from: "ada", replyTo: "ada" });
  await takeOne(bus, "a1", { holder: "w" });
};
export const dead = async (bus: Bus) => {
  const once = { ...bus, settings: { ...bus.settings, maxAttempts: 1 } };
  await three(bus);
  for (const { receipt } of await take(bus, "a1")) await nack(once, receipt, { reason: "no" });
};
export const running = async (bus: Bus) => {
  await held(bus);
  await bus.store.write(async (tx) => {
    const run = await openRun(tx, { swarm: "s", file: "f", mark: "m", ...someone });
    const agent = { group: "g", runner: "exec", run, token: "t" };
    for (const name of ["w", "v"]) await registerAgent(tx, { name, inbox: "a1", ...agent });
  });
};
export const subscribers = (bus: Bus) =>
  bus.store.write(async (tx) => {
    for (const inbox of ["a1", "a2", "a3"]) await subscribeTx(tx, "news.>", inbox);
  });
export const past = async (bus: Bus) => {
  await dead(bus);
  for (let n = 0; n < 4; n++) await put(bus, "a2", `${n}`, { from: "ada", key: `k${n}` });
  for (const { receipt } of await take(bus, "a2")) await ack(bus, receipt);
  await put(bus, "a2", "the newest stays");
};

/** The same bus so much later. */
export function later(bus: Bus, ms: number): Bus {
  const { clock } = bus;
  // The transactions carry the time, so it is the store's clock that has to go on.
  (clock as { pass?(ms: number): void }).pass!(ms);
  return bus;
}
