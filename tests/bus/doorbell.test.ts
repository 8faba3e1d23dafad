import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { join } from "node:path";
import { test } from "node:test";
import { type Doorbell, fallbackMs, openDoorbell, ring } from "../../src/bus/doorbell.ts";
import { elapsedMs, sleep } from "../../src/core/clock.ts";
import { lacks } from "../helpers/programs.ts";
import { runtimeWords } from "../helpers/runtime.ts";
import { waitUntil } from "../helpers/wait-until.ts";

/** A doorbell with its address, closed when the work is done. */
async function withDoorbell(
  work: (doorbell: Doorbell, port: number, nonce: number) => Promise<void>,
): Promise<void> {
  const doorbell = openDoorbell();
  try {
    const { port, nonce } = (await doorbell.address())!;
    await work(doorbell, port, nonce);
  } finally {
    doorbell.close();
  }
}

// Twice as long as anybody is put off.
const longMs = 200_000;

test("a ring ends a wait at once", () =>
  withDoorbell(async (doorbell, port, nonce) => {
    const begun = elapsedMs();
    const waiting = doorbell.next(doorbell.rings(), longMs);
    ring(port, nonce);
    await waiting;
    assert.ok(elapsedMs() - begun < longMs / 2);
    assert.equal(doorbell.rings(), 1);
  }));

test("a ring that came before the wait is not lost", () =>
  withDoorbell(async (doorbell, port, nonce) => {
    const heard = doorbell.rings();
    ring(port, nonce);
    await doorbell.next(heard, 60_000);
    await doorbell.next(heard, 60_000);
    assert.equal(doorbell.rings(), 1);
  }));

test("all who wait in one process hear the ring", () =>
  withDoorbell(async (doorbell, port, nonce) => {
    const waits = [0, 0, 0].map((heard) => doorbell.next(heard, 60_000));
    ring(port, nonce);
    await Promise.all(waits);
  }));

test("a wait that nobody rings ends when its time is over", () =>
  withDoorbell(async (doorbell) => {
    const begun = elapsedMs();
    await doorbell.next(0, 30);
    assert.ok(elapsedMs() - begun >= 28);
    assert.equal(doorbell.rings(), 0);
  }));

test("a wait ends when its signal aborts, before or meanwhile", () =>
  withDoorbell(async (doorbell) => {
    const begun = elapsedMs();
    await doorbell.next(0, longMs, AbortSignal.abort());
    await doorbell.next(0, longMs, AbortSignal.timeout(20));
    assert.ok(elapsedMs() - begun < longMs / 2);
  }));

test("what does not know the nonce is not taken for a ring", () =>
  withDoorbell((doorbell, port, nonce) =>
    withDoorbell(async (witness, witnessPort, witnessNonce) => {
      const stranger = createSocket("udp4");
      const say = (bytes: Uint8Array) =>
        new Promise<void>((resolve) => stranger.send(bytes, port, "127.0.0.1", () => resolve()));
      const right = new Uint8Array(4);
      new DataView(right.buffer).setUint32(0, nonce);
      ring(port, (nonce + 1) % 2 ** 32);
      ring(port, witnessNonce);
      for (const bytes of [right.slice(1), Uint8Array.of(...right, 0), new Uint8Array(0)])
        await say(bytes);
      // What was sent before has been heard by the time that this is.
      ring(witnessPort, witnessNonce);
      await witness.next(0, 60_000);
      await sleep(5);
      assert.equal(doorbell.rings(), 0);
      await say(right);
      await doorbell.next(0, 60_000);
      assert.equal(doorbell.rings(), 1);
      stranger.close();
    }),
  ));

test("ringing where nobody is, or nobody can be, does no harm", async () => {
  let port = 0;
  let nonce = 0;
  await withDoorbell(async (_, ...address) => void ([port, nonce] = address));
  for (const where of [port, 1, 0]) ring(where, nonce);
});

test("the socket is bound once, when its address is first asked for", async () => {
  const doorbell = openDoorbell();
  try {
    assert.equal(doorbell.bound(), undefined);
    const [one, two] = await Promise.all([doorbell.address(), doorbell.address()]);
    assert.deepEqual(one, two);
    assert.deepEqual(doorbell.bound(), one);
  } finally {
    doorbell.close();
  }
});

test("two doorbells have neither port nor nonce in common", () =>
  withDoorbell((_one, port, nonce) =>
    withDoorbell(async (_other, otherPort, otherNonce) => {
      assert.notEqual(port, otherPort);
      assert.notEqual(nonce, otherNonce);
    }),
  ));

test("a doorbell that was never used can be closed", () => openDoorbell().close());

test("a closed doorbell lets its process end", () => {
  const program = join(import.meta.dirname, "..", "fixtures", "bus", "address.ts");
  const { status, stdout } = spawnSync(process.execPath, [...runtimeWords, program], {
    timeout: 100_000,
  });
  assert.equal(status, 0);
  assert.ok(JSON.parse(String(stdout)).port > 0);
});

const noLoopback = lacks("unshare") || spawnSync("unshare", ["-rn", "true"]).status !== 0;

test("where loopback is denied there is no address (wants unshare)", { skip: noLoopback }, () => {
  const program = join(import.meta.dirname, "..", "fixtures", "bus", "address.ts");
  const command = ["-rn", process.execPath, ...runtimeWords, program];
  const { status, stdout } = spawnSync("unshare", command, { timeout: 100_000 });
  assert.equal(status, 0);
  assert.deepEqual(JSON.parse(String(stdout)), { port: null });
});

test("with a doorbell one looks by itself every 1 to 2 s, and not in step with others", () => {
  const looks = Array.from({ length: 1_000 }, (_, n) => fallbackMs(true, n));
  assert.ok(Math.min(...looks) >= 1_000 && Math.max(...looks) <= 2_000);
  assert.ok(Math.max(...looks) - Math.min(...looks) > 800);
});

test("without a doorbell one looks every 50 ms at first and every second at last", () => {
  assert.ok(fallbackMs(false, 0) <= 60);
  assert.ok(fallbackMs(false, 0) >= 40);
  for (const looks of [20, 1_000_000]) {
    assert.ok(fallbackMs(false, looks) >= 800);
    assert.ok(fallbackMs(false, looks) <= 1_200);
  }
});

test("rings in a burst are all one wake-up, and none is needed to hear the last", () =>
  withDoorbell(async (doorbell, port, nonce) => {
    for (let n = 0; n < 50; n++) ring(port, nonce);
    await doorbell.next(0, 60_000);
    await waitUntil("all are heard", () => doorbell.rings() === 50);
  }));
