import { describe, expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { drain } from "../../../src/bus/drain.ts";
import { createInbox } from "../../../src/bus/ledger.ts";
import { resumeTx } from "../../../src/bus/resume.ts";
import { waitUntil } from "../../helpers/wait-until.ts";
import { fixtures, workshops } from "../workshop.ts";

const workshop = workshops();

describe("what the program says", () => {
  test("it reads each delivery as recv prints it, and an ack settles it", async () => {
    const shop = await workshop();
    const echo =
      'read line; printf "%s\\\\n" "$line" >&2; r=${line#*receipt\\":\\"}; echo "{\\"ack\\":\\"${r%%\\"*}\\"}"; read end';
    await shop.host({ runner: "stream", command: ["sh", "-c", echo] });
    const id = await shop.send("hello", { type: "job", replyTo: "answers" });
    await shop.becomes(id, "acked");
    // What it says to people comes by another way than its answers.
    await waitUntil("it has said all", () => shop.log().endsWith("\n"));
    const line = JSON.parse(shop.log());
    expect(Object.keys(line).join(" ")).toBe(
      "id receipt from to type body body_b64 priority attempt sent_at lease_until thread reply_to",
    );
    expect(line).toMatchObject({ id, from: "tester", to: "a", type: "job", body: "hello" });
    expect(line).toMatchObject({ body_b64: null, reply_to: "answers", thread: null, attempt: 1 });
  });
  test("an ack brings its reply and what it sends, in one transaction", async () => {
    const shop = await workshop();
    await shop.puppet();
    const ack = {
      ack: "RECEIPT",
      reply: "the answer",
      send: [
        { to: "b", body: "one" },
        { to: "b", body_b64: "AAH/", type: "job" },
      ],
    };
    const id = await shop.send(JSON.stringify(ack), { replyTo: "answers" });
    expect(await shop.take("answers")).toMatchObject({ text: "the answer", from: "a" });
    expect(await shop.take("b")).toMatchObject({ text: "one", from: "a" });
    expect(await shop.take("b")).toMatchObject({ text: "\0\u0001\u00ff", type: "job" });
    const times = await shop.bus.store.read((tx) =>
      tx.all<{ at: number }>(
        `select sent_at as at from messages where id != $id union select ended_at from history where delivery_id = $id`,
        { id },
      ),
    );
    expect(times).toHaveLength(1);
  });
  test("when one of the things it sends cannot be sent, nothing of it happens and the message is refused", async () => {
    const shop = await workshop();
    await shop.puppet();
    await shop.bus.store.write((tx) => createInbox(tx, "b"));
    const send = [
      { to: "b", body: "one" },
      { to: "no such name", body: "two" },
    ];
    const id = await shop.send(JSON.stringify({ ack: "RECEIPT", send }));
    const { attempts } = await shop.becomes(id, "delayed");
    expect(attempts[0]!.reason).toContain("no such name");
    expect(await shop.ledger("b")).toMatchObject({ sent: 0 });
    expect(shop.log()).toContain("skep: not settled: ");
  });
  test("held back, it gets its next message after a rest, and what it answers is settled before", async () => {
    const shop = await workshop();
    const go = join(shop.bus.home, "go");
    const host = await shop.puppet();
    const first = await shop.send(`!await ${go}\n{"ack":"RECEIPT","reply":"done"}`, {
      replyTo: "answers",
    });
    await shop.becomes(first, "leased");
    const second = await shop.send('{"ack":"RECEIPT"}');
    host.held.hold(1, 600_000);
    // It has worked for long enough to rest as long as it may.
    await Bun.sleep(20);
    writeFileSync(go, "");
    expect(await shop.take("answers")).toMatchObject({ text: "done" });
    // Not held back it would have been handed over in the transaction of the answer.
    expect(await shop.fate(second)).toMatchObject({ state: "ready" });
    // It is let go, and what is left of the rest with it.
    host.held.hold(100, 600_000);
    host.gate.close();
    host.gate.open();
    await shop.becomes(second, "acked");
  });
  test("held back, it rests for no longer than it may", async () => {
    const shop = await workshop({ pauseMaxMs: 10 });
    const host = await shop.puppet();
    host.held.hold(1, 600_000);
    const ack = '{"ack":"RECEIPT"}';
    const ids = [await shop.send(ack), await shop.send(ack), await shop.send(ack)];
    for (const id of ids) await shop.becomes(id, "acked");
  });
  test("one message is in its hands at a time", async () => {
    const shop = await workshop();
    const go = join(shop.bus.home, "go");
    await shop.puppet();
    const [first, second] = [
      await shop.send(`!await ${go}\n{"ack":"RECEIPT"}`),
      await shop.send('{"ack":"RECEIPT"}'),
    ];
    await shop.becomes(first, "leased");
    expect((await shop.fate(second)).state).toBe("ready");
    writeFileSync(go, "");
    await shop.becomes(second, "acked");
  });
  test("or as many as in_flight allows, settled in any order", async () => {
    const shop = await workshop();
    await shop.puppet({ inFlight: 3 });
    const ids = [];
    for (const body of ["held", "held too", '{"ack":"RECEIPT2"}', '{"ack":"RECEIPT4"}', "{}"])
      ids.push(await shop.send(body));
    await shop.becomes(ids[1]!, "acked");
    await shop.becomes(ids[3]!, "acked");
    await shop.becomes(ids[4]!, "leased");
    expect((await shop.fate(ids[0]!)).state).toBe("leased");
    expect((await shop.fate(ids[2]!)).state).toBe("leased");
    expect(await shop.ledger("a")).toMatchObject({ leased: 3 });
  });
});

describe("when the bus is drained", () => {
  test("what it sends belongs to what is in hand, and waits once that is parked", async () => {
    const shop = await workshop();
    const go = join(shop.bus.home, "go");
    await shop.puppet();
    const send = (body: string) => `{"send":{"to":"b","body":"${body}"}}`;
    const id = await shop.send([`!await ${go}`, send("late"), "!stderr said"].join("\n"));
    await shop.becomes(id, "leased");
    await drain(shop.bus, { timeoutMs: 0, usualMs: 0 });
    writeFileSync(go, "");
    await waitUntil("it has said so", () => shop.log().includes("said"));
    // That nothing happens can only be waited for: its host looks every 200 ms whether it may send.
    await Bun.sleep(600);
    expect((await shop.ledger("b"))?.["sent"]).toBeUndefined();
    await shop.bus.store.write(resumeTx);
    expect((await shop.take("b")).text).toBe("late");
  });
});

describe("when an inbox is full", () => {
  test("what is sent there waits for room, in order, and holds up nothing else", async () => {
    const shop = await workshop({ inboxCap: 3 });
    await shop.puppet({ inFlight: 2 });
    for (const body of ["1", "2", "3"]) await shop.send(body, { to: "b" });
    const blocked = await shop.send('{"ack":"RECEIPT","send":{"to":"b","body":"4"}}');
    await shop.becomes(blocked, "leased");
    const free = await shop.send('{"send":{"to":"b","body":"5"}}\n{"ack":"RECEIPT"}');
    await shop.becomes(free, "acked");
    expect((await shop.fate(blocked)).state).toBe("leased");
    const texts = [];
    for (let taken = 0; taken < 5; taken++) {
      const { text, receipt } = await shop.take("b");
      texts.push(text);
      await shop.ack(receipt!);
    }
    expect(texts).toEqual(["1", "2", "3", "4", "5"]);
    expect(await shop.becomes(blocked, "acked")).toMatchObject({ attempt: 1 });
  });
  test("a small message does not overtake a large one that waits for room", async () => {
    const shop = await workshop({ inboxBytes: 1_000 });
    await shop.puppet({ inFlight: 2 });
    await shop.send("x".repeat(600), { to: "b" });
    const large = `{"send":{"to":"b","body":"${"l".repeat(500)}"}}`;
    const id = await shop.send(`${large}\n{"send":{"to":"b","body":"s"}}\n{"ack":"RECEIPT"}`);
    await shop.becomes(id, "acked");
    const first = await shop.take("b");
    await shop.ack(first.receipt!);
    expect((await shop.take("b")).text[0]).toBe("l");
    expect((await shop.take("b")).text).toBe("s");
  });
  test("with one in flight the next message waits until the one before is settled", async () => {
    const shop = await workshop();
    await shop.send("1", { to: "b" });
    await shop.bus.store.write((tx) => tx.run("update ledger set cap = 1 where inbox = 'b'"));
    const blocked = await shop.send('{"ack":"RECEIPT","send":{"to":"b","body":"2"}}');
    const next = await shop.send('!stderr next\n{"ack":"RECEIPT"}');
    await shop.puppet();
    await waitUntil("it has answered", () => shop.log().includes("waiting for room: inbox b"));
    await shop.ack((await shop.take("b")).receipt!);
    await shop.becomes(next, "acked");
    const when = (column: string, id: number) =>
      shop.bus.store.read(async (tx) => {
        const query = `select ${column} as at from history where delivery_id = $id`;
        return (await tx.get<{ at: number }>(query, { id }))!.at;
      });
    expect(await when("claimed_at", next)).toBeGreaterThanOrEqual(await when("ended_at", blocked));
  });
  test("an agent that fills its own inbox works its way out", async () => {
    const shop = await workshop({ inboxCap: 3 });
    await shop.puppet({ inFlight: 2 });
    // In base64, so that the receipt is put in by whoever gets it.
    const more = { to: "a", body_b64: Buffer.from('{"ack":"RECEIPT"}').toString("base64") };
    const order = `${JSON.stringify({ send: more })}\n{"ack":"RECEIPT"}`;
    for (let sent = 0; sent < 3; sent++) await shop.send(order);
    await waitUntil("all is done", async () => (await shop.ledger("a"))["acked"] === 6);
  });
});

describe("when the program ends", () => {
  test("killed in the middle: what it holds goes to others at once, unanswered", async () => {
    const shop = await workshop();
    const host = await shop.puppet({ inFlight: 2 });
    const held = await shop.send("held");
    await shop.becomes(held, "leased");
    const killer = await shop.send("!kill");
    expect(await host.ended).toMatchObject({
      state: "failed",
      reason: `${process.execPath} was ended by SIGKILL`,
    });
    for (const id of [held, killer]) {
      const { state, attempt, attempts } = await shop.fate(id);
      expect([state, attempt, attempts[0]!.outcome]).toEqual(["ready", 1, "died"]);
    }
    expect(await shop.agent()).toMatchObject({ state: "failed", programPid: null });
  });
  test("what it said before its end counts, with or without a last line end", async () => {
    const shop = await workshop();
    const host = await shop.puppet();
    const id = await shop.send('!write {"ack":"RECEIPT","reply":"done"}\n!exit 0', {
      replyTo: "answers",
    });
    expect(await host.ended).toEqual({ state: "stopped", reason: null });
    expect((await shop.fate(id)).state).toBe("acked");
    expect((await shop.take("answers")).text).toBe("done");
  });
  test("missing from the start: the agent has failed, and no message was touched", async () => {
    const shop = await workshop();
    const id = await shop.send("x");
    const host = await shop.host({ runner: "stream", command: ["no-such-program"] });
    expect((await host.ended).reason).toContain("no-such-program cannot be started");
    expect((await shop.fate(id)).attempt).toBe(0);
  });
});

describe("when the agent is to stop", () => {
  test("what is in hand is finished, then its input ends, and its last words count", async () => {
    // However long it takes to say them.
    const shop = await workshop({ stopGraceMs: 3_600_000 });
    const go = join(shop.bus.home, "go");
    const last = '{"send":{"to":"b","body":"goodbye"}}';
    const host = await shop.puppet({}, [last]);
    const id = await shop.send(`!await ${go}\n{"ack":"RECEIPT"}`);
    await shop.becomes(id, "leased");
    const next = await shop.send('{"ack":"RECEIPT"}');
    const ended = host.stop();
    writeFileSync(go, "");
    expect(await ended).toEqual({ state: "stopped", reason: null });
    expect((await shop.fate(id)).state).toBe("acked");
    expect(await shop.fate(next)).toEqual({ state: "ready", attempt: 0, attempts: [] });
    expect((await shop.take("b")).text).toBe("goodbye");
  });
  test("a program that ignores the end of its input gets SIGTERM, and then SIGKILL", async () => {
    const shop = await workshop({ stopGraceMs: 100 });
    const meek = await shop.host({ runner: "stream", command: ["sleep", "1000"] });
    await shop.program();
    expect(await meek.stop()).toEqual({ state: "stopped", reason: null });

    const other = await workshop({ stopGraceMs: 100 });
    const deaf = join(fixtures, "deaf.sh");
    const host = await other.host({ runner: "stream", command: ["sh", deaf] });
    await waitUntil("it is deaf", () => other.log() === "deaf\n");
    const start = performance.now();
    expect(await host.stop()).toEqual({ state: "stopped", reason: null });
    // Its time, once for the end of its input and once for SIGTERM.
    expect(performance.now() - start).toBeGreaterThanOrEqual(190);
  });
});

test("a program that floods its output without a line end loses those lines, and no other", async () => {
  const shop = await workshop();
  const flood = "head -c 20000000 /dev/zero; echo; echo after; head -c 20000000 /dev/zero";
  const host = await shop.host({ runner: "stream", command: ["sh", "-c", flood] });
  expect(await host.ended).toEqual({ state: "stopped", reason: null });
  const lost = "skep: a line was too long and is lost\n";
  expect(shop.log()).toBe(`${lost}after\n${lost}`);
});

test("a program that sends more than there is room for has to wait, and loses nothing", async () => {
  const shop = await workshop({ inboxCap: 200, inboxBytes: 100_000_000 });
  const [line, done] = [join(shop.bus.home, "line"), join(shop.bus.home, "done")];
  const sends = `${JSON.stringify({ send: { to: "b", body: "x".repeat(5_000) } })}\n`;
  // Several times what may be on its way: in the pipe, in what was read at once, and in the host.
  writeFileSync(line, sends.repeat(100));
  const flood = `i=0; while [ $i -lt 20 ]; do cat ${line}; i=$((i+1)); done; touch ${done}; cat`;
  await shop.host({ runner: "stream", command: ["sh", "-c", flood] });
  await waitUntil("the inbox is full", () => shop.log().includes("waiting for room"));
  // That something does not happen can only be waited for; it would take a tenth of this.
  await Bun.sleep(300);
  expect(existsSync(done)).toBe(false);
  const { store } = shop.bus;
  await store.write((tx) => tx.run("update ledger set cap = 10000 where inbox = 'b'"));
  await waitUntil("all is sent", async () => (await shop.ledger("b"))["sent"] === 2_000);
  await waitUntil("the program goes on", () => existsSync(done));
});
