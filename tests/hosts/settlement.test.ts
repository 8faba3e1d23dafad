import { expect, test } from "bun:test";
import { Database } from "bun:sqlite";
import { join } from "node:path";
import type { Bus } from "../../src/bus/bus.ts";
import { closeAddressBook, createInbox } from "../../src/bus/ledger.ts";
import { bytesOf } from "../../src/core/text.ts";
import type { Host } from "../../src/hosts/runner.ts";
import { acceptance, refusal, settle } from "../../src/hosts/settlement.ts";
import { put, takeOne } from "../bus/verbs.ts";
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
  const refused = newlySaid(shop, /locked/);
  await Bun.write(go, "");
  await waitUntil("it was refused", refused);
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
  await waitUntil("it was refused", newlySaid(shop, /locked/));
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

/** Whether that was logged since the call: a host that is put off may find a lock that nobody has. */
function newlySaid(shop: Workshop, words: RegExp): () => boolean {
  const { length } = shop.log();
  return () => words.test(shop.log().slice(length));
}

/** Takes SQLite's write lock, as any other program may, until the function it answers is called. */
async function lock({ bus }: Workshop): Promise<() => void> {
  const other = new Database(join(bus.home, "bus.db"));
  other.exec("pragma busy_timeout = 100000");
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

test("what was answered meanwhile is settled in one transaction", async () => {
  const { bus, host, answers } = await answered(3);
  const before = await bus.store.version();
  expect(await settle(host, answers)).toEqual([]);
  expect((await bus.store.version()) - before).toBe(1);
  expect(await endsOf(bus)).toMatchObject({ acked: 3, leased: 0 });
});

test("so is work whose answer nobody takes: done is done, and what it sends goes out", async () => {
  const { bus, host, receipts, said } = await answered(2);
  const send = [{ to: "b", body: bytesOf("x") }];
  const answers = receipts.map((receipt) => {
    return acceptance(host, receipt, { reply: { body: bytesOf("done") }, send });
  });
  const before = await bus.store.version();
  expect(await settle(host, answers)).toEqual([]);
  expect((await bus.store.version()) - before).toBe(1);
  expect(await endsOf(bus)).toMatchObject({ acked: 2, leased: 0 });
  expect(await endsOf(bus, "b")).toMatchObject({ sent: 2 });
  const why = "skep: acked without its reply: message 1 has nobody to reply to";
  expect(said).toEqual([expect.stringContaining(why), expect.any(String)]);
});

test("one of them that can never be settled does not keep the others", async () => {
  const { bus, host, answers, said } = await answered(3);
  const stale = acceptance(host, "1.9.9", { send: [] });
  expect(await settle(host, [answers[0]!, stale, ...answers.slice(1)])).toEqual([]);
  expect(await endsOf(bus)).toMatchObject({ acked: 3, leased: 0 });
  expect(said).toEqual([expect.stringContaining("skep: not settled: ")]);
});

/** A bus of whose deliveries so many are held, of a host what a settlement is about, and an answer to each of them. */
async function answered(count: number) {
  const bus = await handBus();
  const said: string[] = [];
  const log = { append: (text: string) => void said.push(text) };
  const host = { bus, store: bus.store, spec: { name: "a" }, log } as unknown as Host;
  const receipts = [];
  for (let n = 0; n < count; n++) {
    await put(bus, "a");
    receipts.push((await takeOne(bus, "a")).receipt);
  }
  const answers = receipts.map((receipt) => acceptance(host, receipt, { send: [] }));
  return { bus, host, receipts, answers, said };
}

async function endsOf({ store }: Bus, inbox = "a") {
  const query = "select acked, leased, sent from ledger where inbox = $inbox";
  return await store.read((tx) => tx.get<Record<string, number>>(query, { inbox }));
}
