import { expect, test } from "bun:test";
import { insist, insistent } from "../../src/agents/insist.ts";
import { SkepError } from "../../src/core/errors.ts";
import type { Store } from "../../src/store/store.ts";
import { lockedBus } from "../helpers/locked-bus.ts";
import { tempBuses } from "../helpers/temp-bus.ts";

const { liveBus } = tempBuses();
const work = async () => "done";

test("what a lock refuses is written when the lock is gone", async () => {
  const { impatient, refused, unlock } = lockedBus(await liveBus());
  const insisting = insist(impatient, work);
  await refused;
  unlock();
  expect(await insisting).toBe("done");
});

test("a store that insists is one like any other", async () => {
  const bus = await liveBus();
  const { impatient, refused, unlock } = lockedBus(bus);
  const store = insistent(impatient, new AbortController().signal);
  const written = store.write((tx) => tx.run("update ledger set sent = sent"));
  await refused;
  expect(await store.read(async () => "read")).toBe("read");
  unlock();
  await written;
});

test("once nobody wants it any more the refusal is the answer, and so is any other refusal at once", async () => {
  const { store } = await liveBus();
  const refusing = (code: "E_BUSY" | "E_DISK" | "E_FULL", refused = () => {}) => {
    let tries = 0;
    const write = () => {
      tries++;
      const written = store.write(() => Promise.reject(new SkepError(code, "no")));
      written.catch(refused);
      return written;
    };
    return { store: { write } as unknown as Store, tries: () => tries };
  };
  for (const code of ["E_BUSY", "E_DISK"] as const) {
    const over = new AbortController();
    // It rests then, before it tries again.
    const { store: refuser, tries } = refusing(code, () => setTimeout(() => over.abort(), 0));
    const insisting = insist(refuser, work, over.signal);
    await expect(insisting).rejects.toMatchObject({ code });
    await insisting.catch(() => {});
    expect(tries()).toBe(2);
  }
  const { store: refuser, tries } = refusing("E_FULL");
  await expect(insist(refuser, work)).rejects.toMatchObject({ code: "E_FULL" });
  await Promise.resolve();
  expect(tries()).toBe(1);
});
