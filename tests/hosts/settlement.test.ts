import { expect, test } from "bun:test";
import { Database } from "bun:sqlite";
import { join } from "node:path";
import { closeAddressBook, createInbox } from "../../src/bus/ledger.ts";
import type { Host } from "../../src/hosts/runner.ts";
import { acceptance, refusal, settle } from "../../src/hosts/settlement.ts";
import { tempBuses } from "../helpers/temp-bus.ts";
import { waitUntil } from "../helpers/wait-until.ts";
import { type Workshop, workshops } from "./workshop.ts";

const workshop = workshops();
const { handBus } = tempBuses();

test("a database that is locked only puts off what was answered", async () => {
  const shop = await workshop({ busyTimeoutMs: 30 });
  const host = await shop.puppet({ inFlight: 2 });
  const go = join(shop.bus.home, "go");
  const answer = '{"ack":"RECEIPT","send":{"to":"b","body":"x"}}';
  const id = await shop.send(`!await ${go}\n${answer}`);
  await shop.becomes(id, "leased");
  const unlock = await lock(shop);
  await Bun.write(go, "");
  await waitUntil("it was refused", () => /locked/.test(shop.log()));
  unlock();
  await shop.becomes(id, "acked");
  expect(await shop.ledger("b")).toMatchObject({ sent: 1 });
  await host.stop();
});

test("what is committed stays committed when the wait for more is cut short by a lock", async () => {
  const shop = await workshop({ busyTimeoutMs: 30 });
  await shop.puppet();
  const due = await shop.send('{"nack":"RECEIPT","delay_ms":300}');
  await shop.becomes(due, "delayed");
  const id = await shop.send('{"send":{"to":"b","body":"once"}}\n{"ack":"RECEIPT"}');
  await shop.becomes(id, "acked");
  // The claim of what is due meets the lock, after the answers went through with the claim before it.
  const unlock = await lock(shop);
  await waitUntil("it was refused", () => /locked/.test(shop.log()));
  unlock();
  await waitUntil("it is claimed again", async () => (await shop.fate(due)).attempts.length > 1);
  expect(await shop.ledger("b")).toMatchObject({ sent: 1 });
});

test("work that is done is done, also when nobody is there to take the answer", async () => {
  const shop = await workshop();
  const host = await shop.puppet();
  await shop.bus.store.write(async (tx) => {
    for (const inbox of ["a", "b"]) await createInbox(tx, inbox);
    await closeAddressBook(tx);
  });
  const id = await shop.send('{"ack":"RECEIPT","reply":"done","send":{"to":"b","body":"x"}}');
  await shop.becomes(id, "acked");
  expect((await shop.fate(id)).attempts).toEqual([]);
  expect(await shop.ledger("b")).toMatchObject({ sent: 1 });
  expect(shop.log()).toContain("skep: acked without its reply: there is no inbox");
  expect(shop.log()).not.toContain("not settled");
  await host.stop();
});

/** Takes SQLite's write lock, as any other program may, until the function it answers is called. */
async function lock({ bus }: Workshop): Promise<() => void> {
  const other = new Database(join(bus.home, "bus.db"));
  other.exec("pragma busy_timeout = 5000");
  other.exec("begin immediate");
  return () => {
    other.exec("rollback");
    other.close();
  };
}

test("where not even a refusal can be written, the delivery is left to its lease, and nothing tries for ever", async () => {
  const bus = await handBus();
  await bus.store.close();
  let lines = 0;
  const append = (text: string) => {
    expect(text).toStartWith("skep: not settled: ");
    if (++lines > 10) throw new Error("it tries for ever");
  };
  // Of a host only what a settlement is about.
  const host = { bus, store: bus.store, spec: { name: "a" }, log: { append } } as unknown as Host;
  const answered = acceptance(host, "1.1.1", { send: [] });
  expect(await settle(host, [answered])).toEqual([]);
  expect(await settle(host, [refusal(host, "1.1.1", "it failed")])).toEqual([]);
  expect(lines).toBe(3);
});
