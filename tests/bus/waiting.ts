// What tests of waiting share: who waits, how they sleep, and processes that are there or are not.
import { type ChildProcess, spawn } from "node:child_process";
import { after } from "node:test";
import type { Bus } from "../../src/bus/bus.ts";
import { ring } from "../../src/bus/doorbell.ts";
import { sendTx } from "../../src/bus/send.ts";
import { type Want, startWaiting } from "../../src/bus/waiters.ts";
import type { WriteTx } from "../../src/store/store.ts";
import { waitUntil } from "../helpers/wait-until.ts";
import { draft } from "./verbs.ts";

/** The same bus whose sleeps end when `wake` is called, as they do when their time is over, and not before; and how long each was meant to be at most. */
export function sleepy<B extends Bus>(bus: B): { bus: B; naps: number[]; wake: () => void } {
  const naps: number[] = [];
  let wake = () => {};
  const next = (_heard: number, ms: number) =>
    new Promise<void>((resolve) => {
      naps.push(ms);
      wake = resolve;
    });
  return { bus: { ...bus, doorbell: { ...bus.doorbell, next } }, naps, wake: () => wake() };
}

/** The same bus, and how long each of its sleeps was meant to be at most. */
export function countingNaps<B extends Bus>(bus: B): { bus: B; naps: number[] } {
  const naps: number[] = [];
  const next: typeof bus.doorbell.next = (heard, ms, signal) => {
    naps.push(ms);
    return bus.doorbell.next(heard, ms, signal);
  };
  return { bus: { ...bus, doorbell: { ...bus.doorbell, next } }, naps };
}

/** Rings whoever waits with `bus`, though there is no news. */
export async function ringFor({ doorbell }: Bus): Promise<void> {
  const { port, nonce } = (await doorbell.address())!;
  ring(port, nonce);
}

/** Sends `bodies` with every ring lost: whoever waits is in line still, and has heard nothing. */
export async function sendUnheard(
  { store, settings }: Bus,
  inbox: string,
  bodies: string[],
): Promise<void> {
  await store.write(async (tx) => {
    const mute: WriteTx = { ...tx, after: () => {} };
    for (const body of bodies) await sendTx(mute, settings, null, draft(inbox, body));
    await tx.run("update waiters set waiting = 1 where inbox = $inbox", { inbox });
  });
}

/** How many rings follow the commit of `work` while somebody waits for mail in `inbox`; none is heard. */
export async function ringsAfter(
  { store }: Bus,
  inbox: string,
  work: (tx: WriteTx) => Promise<unknown>,
): Promise<number> {
  const waiter = { pid: process.pid, startTime: 1, port: 9, nonce: 9 };
  return await store.write(async (tx) => {
    await startWaiting(tx, inbox, "mail", waiter);
    let rings = 0;
    await work({ ...tx, after: () => void rings++ });
    return rings;
  });
}

/** The same bus in a sandbox that has no socket for it. */
export function withoutSocket<B extends Bus>(bus: B): B {
  const address = async () => undefined;
  return { ...bus, doorbell: { ...bus.doorbell, address, bound: () => undefined } };
}

/** The rows of those who wait, in the order in which they would be rung. */
export function waitersOf({ store }: Bus, inbox: string, wants: Want) {
  return store.read((tx) =>
    tx.all<{ pid: number; waiting: number; port: number | null; nonce: number }>(
      `select pid, waiting, port, nonce from waiters
        where inbox = $inbox and wants = $wants order by id`,
      { inbox, wants },
    ),
  );
}

/** Resolves once `count` processes wait to be rung. */
export async function untilWaiting(bus: Bus, inbox: string, wants: Want, count = 1): Promise<void> {
  const waiting = async () =>
    (await waitersOf(bus, inbox, wants)).filter((row) => row.waiting === 1).length === count;
  await waitUntil(`${count} wait for ${wants} in ${inbox}`, waiting);
}

/**
 * A function that answers the id of a process that lives as long as the tests. To be called where tests are declared.
 */
export function livingProcesses(): () => number {
  const children: ChildProcess[] = [];
  after(() => {
    for (const child of children) child.kill("SIGKILL");
  });
  return () => {
    const child = spawn("sleep", ["600"], { stdio: "ignore" });
    children.push(child);
    return child.pid!;
  };
}

// Linux gives out ids up to 2²², and one of a process that has ended may be another one's soon.
let beyond = 2 ** 30;

/** An id that no process has, as after the end of one; another one each time. */
export function deadProcess(): number {
  return ++beyond;
}
