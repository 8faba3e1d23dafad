// Every command about messages on its happy path: what it prints, letter by letter where that is a promise.
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "bun:test";
import { waitUntil } from "../helpers/wait-until.ts";
import { type Line, deliveryKeys, jsonLines } from "./json.ts";
import { type Place, places } from "./place.ts";

const place = places();

describe("send and recv", () => {
  test("send prints the id and the inbox, and says when the inbox is new", async () => {
    const { skep } = place();
    expect(await skep(["send", "a1", "hello"])).toEqual({
      status: 0,
      stdout: '{"id":1,"to":"a1","created":true}\n',
      stderr: "",
    });
    expect((await skep(["send", "a1", "again"])).stdout).toBe('{"id":2,"to":"a1"}\n');
  });

  test("recv prints a line per delivery with every key, null where there is nothing", async () => {
    const { skep } = place();
    const before = Date.now();
    await skep(["send", "a1", "hello"]);
    const { status, stdout, stderr } = await skep(["recv", "a1"]);
    const after = Date.now();
    expect([status, stderr]).toEqual([0, ""]);
    const [line] = jsonLines(stdout);
    expect(Object.keys(line!)).toEqual(deliveryKeys);
    expect(line).toEqual({
      id: 1,
      receipt: expect.stringMatching(/^1\.1\.\d{1,10}$/),
      from: null,
      to: "a1",
      type: null,
      body: "hello",
      body_b64: null,
      priority: 4,
      attempt: 1,
      sent_at: expect.any(Number),
      lease_until: expect.any(Number),
      thread: null,
      reply_to: null,
    } as Line);
    expect(line!.sent_at).toBeWithin(before, after + 1);
    expect(line!.lease_until).toBeWithin(before + 60_000, after + 60_001);
  });

  test("what the sender says about a message arrives with it", async () => {
    const { skep } = place();
    const flags = ["--as", "b1", "--type", "task", "--priority", "9", "--thread", "t7"];
    await skep(["send", "a1", "do it", ...flags, "--reply-to", "b1"]);
    const { stdout } = await skep(["recv", "a1", "--as", "a1"]);
    expect(jsonLines(stdout)[0]).toMatchObject({
      from: "b1",
      type: "task",
      priority: 9,
      thread: "t7",
      reply_to: "b1",
    });
  });

  test("the most urgent come first, and within a priority the oldest", async () => {
    const { skep } = place();
    for (const [body, priority] of ["a4", "b9", "c4", "d0", "e9"].map((text) => [text, text[1]!]))
      await skep(["send", "a1", body!, "--priority", priority!]);
    const { stdout } = await skep(["recv", "a1", "--max", "10"]);
    expect(jsonLines(stdout).map(({ body }) => body)).toEqual(["b9", "e9", "a4", "c4", "d0"]);
  });

  test("recv without INBOX takes from one's own, by --as or SKEP_AGENT", async () => {
    const { skep } = place();
    await skep(["send", "a1", "1"]);
    await skep(["send", "a1", "2"]);
    const [one, two] = [
      await skep(["recv", "--as", "a1"]),
      await skep(["recv"], { env: { SKEP_AGENT: "a1" } }),
    ];
    expect([one, two].map(({ stdout }) => jsonLines(stdout)[0]!.body)).toEqual(["1", "2"]);
  });

  test("--lease says how long it is ours; --ack leaves nothing to settle", async () => {
    const { skep } = place();
    await skep(["send", "a1", "1"]);
    const before = Date.now();
    const [line] = jsonLines((await skep(["recv", "a1", "--lease", "5m"])).stdout);
    expect(line!.lease_until - before).toBeWithin(300_000, 310_000);
    await skep(["send", "a1", "2"]);
    const [acked] = jsonLines((await skep(["recv", "a1", "--ack"])).stdout);
    expect(await skep(["ack", acked!.receipt])).toMatchObject({
      stdout: `{"receipt":"${acked!.receipt}","id":2,"already":true}\n`,
    });
  });

  test("a lease that runs out gives the message to the next one, as the second attempt", async () => {
    const { skep } = place();
    await skep(["send", "a1", "1"]);
    await skep(["recv", "a1", "--lease", "1ms"]);
    const [line] = jsonLines((await skep(["recv", "a1", "--wait", "5s"])).stdout);
    expect(line).toMatchObject({ id: 1, body: "1", attempt: 2 });
    expect(line!.receipt).toMatch(/^1\.2\./);
  });

  test("the home is 0700 and every file in it 0600", async () => {
    const { skep, home } = place();
    await skep(["send", "a1", "1"]);
    expect(statSync(home).mode & 0o777).toBe(0o700);
    for (const name of ["bus.db", "write.lock"])
      expect([name, statSync(join(home, name)).mode & 0o777]).toEqual([name, 0o600]);
  });
});

describe("send --batch", () => {
  const lines = [
    '{"to":"a1","body":"x"}',
    '{"to":"b1","body_b64":"/wA="}',
    '{"to":"a1","body":""}',
  ];

  test("answers each line in order", async () => {
    const { skep } = place();
    expect(await skep(["send", "--batch"], { stdin: `${lines.join("\n")}\n` })).toEqual({
      status: 0,
      stdout:
        '{"id":1,"to":"a1","created":true}\n{"id":2,"to":"b1","created":true}\n{"id":3,"to":"a1"}\n',
      stderr: "",
    });
  });

  test("answers a line as soon as it came, while the input is still open", async () => {
    const sender = place().start(["send", "--batch"], { stdin: "open" });
    for (const [i, line] of lines.entries()) {
      await sender.write(`${line}\n`);
      await waitUntil("the answer", () => jsonLines(sender.said()).length === i + 1);
    }
    sender.close();
    expect((await sender.ended).status).toBe(0);
  });

  test("takes a last line without an end, Windows line ends, and blank lines between", async () => {
    const { skep } = place();
    const stdin = `${lines[0]}\r\n\r\n\n${lines[2]}`;
    const { status, stdout } = await skep(["send", "--batch"], { stdin });
    expect([status, jsonLines(stdout).length]).toEqual([0, 2]);
  });

  test("every key of a line arrives", async () => {
    const { skep } = place();
    const draft = { to: "a1", body: "x", type: "t", priority: 0, thread: "th", reply_to: "b1" };
    await skep(["send", "--batch", "--as", "b1"], { stdin: JSON.stringify(draft) });
    const [line] = jsonLines((await skep(["recv", "a1"])).stdout);
    expect(line).toMatchObject({ ...draft, from: "b1", body_b64: null });
  });

  test("with --atomic all go or none, and nothing is answered for none", async () => {
    const { skep } = place();
    const good = await skep(["send", "--batch", "--atomic"], { stdin: lines.join("\n") });
    expect(jsonLines(good.stdout)).toHaveLength(3);
    const bad = await skep(["send", "--batch", "--atomic"], {
      stdin: [...lines, "not json", ...lines].join("\n"),
    });
    expect(bad).toMatchObject({ status: 2, stdout: "" });
    expect(bad.stderr).toStartWith("skep: message 4: not a line of JSON: not json\n");
    expect(await sums(skep)).toMatchObject({ a1: { sent: 2 }, b1: { sent: 1 } });
  });

  test("nothing on standard input is nothing to send", async () => {
    const { skep } = place();
    for (const words of [
      ["send", "--batch"],
      ["send", "--batch", "--atomic"],
    ])
      expect(await skep(words)).toEqual({ status: 0, stdout: "", stderr: "" });
  });

  test("several thousand lines at once go through, in order", async () => {
    const { skep } = place();
    const stdin = Array.from({ length: 3_000 }, (_, i) => `{"to":"in${i % 3}","body":"${i}"}\n`);
    const { status, stdout } = await skep(["send", "--batch"], { stdin: stdin.join("") });
    expect(status).toBe(0);
    const ids = jsonLines<{ id: number }>(stdout).map(({ id }) => id);
    expect(ids).toEqual(Array.from({ length: 3_000 }, (_, i) => i + 1));
  }, 20_000);
});

describe("settling", () => {
  test("ack says what is done, may be repeated, and takes several receipts at once", async () => {
    const { skep } = place();
    const [one, two] = await received(skep, 2);
    expect(await skep(["ack", one!, two!])).toEqual({
      status: 0,
      stdout: `{"receipt":"${one}","id":1}\n{"receipt":"${two}","id":2}\n`,
      stderr: "",
    });
    expect(await skep(["ack", one!])).toMatchObject({
      status: 0,
      stdout: `{"receipt":"${one}","id":1,"already":true}\n`,
    });
  });

  test("several receipts are settled together or not at all", async () => {
    const { skep } = place();
    const [one, two] = await received(skep, 2);
    expect((await skep(["ack", one!, "99.1.1", two!])).status).toBe(5);
    expect(await sums(skep)).toMatchObject({ a1: { leased: 2, acked: 0 } });
  });

  test("ack --reply answers into the inbox that asked, in the conversation of the message", async () => {
    const { skep } = place();
    await skep(["send", "a1", "six by seven?", "--as", "b1", "--reply-to", "b1"]);
    const [question] = jsonLines((await skep(["recv", "a1"])).stdout);
    const { stdout } = await skep(["ack", question!.receipt, "--reply", "42", "--as", "a1"]);
    expect(stdout).toBe(`{"receipt":"${question!.receipt}","id":1,"reply":{"id":2,"to":"b1"}}\n`);
    expect(jsonLines((await skep(["recv", "b1"])).stdout)[0]).toMatchObject({
      from: "a1",
      type: "reply",
      body: "42",
      thread: "1",
      reply_to: null,
    });
  });

  test("nack gives the message back, with a rest that grows unless told, and keeps the reason", async () => {
    const { skep } = place();
    const [receipt] = await received(skep, 1);
    expect(await skep(["nack", receipt!, "--reason", "no such file", "--delay", "0s"])).toEqual({
      status: 0,
      stdout: `{"receipt":"${receipt}","id":1,"state":"ready"}\n`,
      stderr: "",
    });
    const [again] = jsonLines((await skep(["recv", "a1"])).stdout);
    expect(again).toMatchObject({ id: 1, attempt: 2 });
    expect(jsonLines((await skep(["nack", again!.receipt])).stdout)[0]).toMatchObject({
      state: "delayed",
    });
    expect((await skep(["recv", "a1"])).status).toBe(3);
    expect((await skep(["trace", "1"])).stdout).toContain("nacked (lease 1): no such file");
  });

  test("after the last attempt it is a dead letter", async () => {
    const { skep } = place();
    const env = { SKEP_BUS_MAX_ATTEMPTS: "1" };
    const [receipt] = await received(skep, 1);
    const { stdout } = await skep(["nack", receipt!, "--reason", "broken"], { env });
    expect(stdout).toBe(`{"receipt":"${receipt}","id":1,"state":"dead"}\n`);
    expect(await sums(skep)).toMatchObject({ a1: { dead: 1, ready: 0, delayed: 0 } });
    expect((await skep(["trace", "1"])).stdout).toContain("broken");
  });

  test("extend says until when", async () => {
    const { skep } = place();
    const [receipt] = await received(skep, 1);
    const before = Date.now();
    const [line] = jsonLines<object>((await skep(["extend", receipt!, "--lease", "10m"])).stdout);
    expect(line).toEqual({ receipt, id: 1, lease_until: expect.any(Number) });
    expect((line as Line).lease_until - before).toBeWithin(600_000, 610_000);
  });

  test("reply answers and keeps the work, which still has to be acked", async () => {
    const { skep } = place();
    await skep(["send", "a1", "?", "--as", "b1", "--reply-to", "b1"]);
    const [question] = jsonLines((await skep(["recv", "a1"])).stdout);
    const replied = await skep(["reply", question!.receipt, "-", "--as", "a1"], {
      stdin: "so far",
    });
    expect(replied).toEqual({ status: 0, stdout: '{"id":2,"to":"b1"}\n', stderr: "" });
    expect(await sums(skep)).toMatchObject({ a1: { leased: 1 }, b1: { ready: 1, reserved: 0 } });
    expect((await skep(["ack", question!.receipt])).status).toBe(0);
  });
});

describe("request", () => {
  test("gets the answer of a second process, and leaves nothing behind", async () => {
    const { skep, start } = place();
    const asking = start(["request", "oracle", "six by seven?", "--as", "me", "--timeout", "20s"]);
    const [question] = jsonLines((await skep(["recv", "oracle", "--wait", "20s"])).stdout);
    expect(question).toMatchObject({ from: "me", body: "six by seven?", thread: null });
    expect(question!.reply_to).toMatch(/^request-[0-9a-f]{16}$/);
    await skep(["ack", question!.receipt, "--reply", "42", "--as", "oracle"]);
    const { status, stdout, stderr } = await asking.ended;
    expect([status, stderr]).toEqual([0, ""]);
    const [answer] = jsonLines(stdout);
    expect(Object.keys(answer!)).toEqual(deliveryKeys);
    expect(answer).toMatchObject({ from: "oracle", body: "42", type: "reply", thread: "1" });
    expect(Object.keys(await sums(skep))).toEqual(["oracle"]);
  });

  test("without an answer in time it exits 3 and says where to look", async () => {
    const { status, stdout, stderr } = await place().skep([
      "request",
      "x",
      "?",
      "--timeout",
      "50ms",
    ]);
    expect([status, stdout]).toEqual([3, ""]);
    expect(stderr).toMatch(/^skep: no answer to message 1 from x in time\n {2}skep trace 1 /);
  });
});

describe("looking on", () => {
  test("peek shows what is ready and takes nothing", async () => {
    const { skep } = place();
    await skep(["send", "a1", "1"]);
    await skep(["send", "a1", "2"]);
    const { status, stdout } = await skep(["peek", "a1"]);
    expect(status).toBe(0);
    const lines = jsonLines(stdout);
    expect(Object.keys(lines[0]!)).toEqual(deliveryKeys);
    expect(lines.map(({ body, receipt, lease_until }) => [body, receipt, lease_until])).toEqual([
      ["1", null, null],
      ["2", null, null],
    ] as never);
    expect(jsonLines((await skep(["peek", "a1", "--max", "1"])).stdout)).toHaveLength(1);
    expect(await sums(skep)).toMatchObject({ a1: { ready: 2, leased: 0 } });
    await skep(["recv", "a1", "--max", "2"]);
    expect(await skep(["peek", "a1"])).toEqual({
      status: 0,
      stdout: "",
      stderr: "nothing is ready in a1\n",
    });
  });

  test("inboxes counts every delivery once, for people and for programs", async () => {
    const { skep } = place();
    expect(await skep(["inboxes"])).toMatchObject({ status: 0, stdout: "" });
    const [one] = await received(skep, 3);
    await skep(["ack", one!]);
    await skep(["send", "a1", "ready"]);
    const text = await skep(["inboxes"]);
    expect([text.status, text.stderr]).toEqual([0, ""]);
    expect(text.stdout).toMatch(
      /^INBOX +READY +DELAYED +LEASED +PARKED +RESERVED +SENT +ACKED +DEAD +OLDEST\na1 +1 +0 +2 +0 +0 +4 +1 +0 +\S+\n$/,
    );
    const [line] = jsonLines<Record<string, unknown>>((await skep(["inboxes", "--json"])).stdout);
    expect(line).toMatchObject({
      inbox: "a1",
      ready: 1,
      delayed: 0,
      leased: 2,
      parked: 0,
      sent: 4,
    });
    expect(line).toMatchObject({ reserved: 0, acked: 1, dead: 0, expired: 0, purged: 0 });
    expect(line).toMatchObject({ moved_in: 0, moved_out: 0, oldest_ready_ms: expect.any(Number) });
  });

  test("trace tells the life of a message, for people and for programs", async () => {
    const { skep } = place();
    await skep(["send", "a1", "hello\u001b[2J", "--as", "b1"]);
    const [line] = jsonLines((await skep(["recv", "a1", "--as", "a1"])).stdout);
    await skep(["ack", line!.receipt, "--reply", "done", "--as", "a1"]);
    const text = (await skep(["trace", "1"])).stdout;
    expect(text).toMatch(/^message 1 from b1: "hello\\u001b\[2J"\nto a1: acked, 1 attempt\n/);
    expect(text).toMatch(
      /\n {2}\S+Z +sent\n.* claimed by a1 \(lease 1\)\n.* acked by a1 \(lease 1\)\n/,
    );
    expect(text).toEndWith("followed by 2\n");
    const [life] = jsonLines<Record<string, unknown>>(
      (await skep(["trace", "1", "--json"])).stdout,
    );
    expect(life).toMatchObject({ id: 1, from: "b1", bytes: 9, followed_by: [2] });
    const [delivery] = life!["deliveries"] as { state: string; steps: { what: string }[] }[];
    expect(delivery).toMatchObject({ inbox: "a1", state: "acked", attempt: 1 });
    expect(delivery!.steps.map(({ what }) => what)).toEqual(["sent", "claimed", "acked"]);
  });

  test("looking at a home that nobody made makes none", async () => {
    const { skep, cwd } = place();
    const options = { env: { SKEP_HOME: undefined } };
    for (const words of [["inboxes"], ["send", "a1", "x"], ["recv", "a1"], ["ps"], ["down"]]) {
      const { status, stdout, stderr } = await skep(words, options);
      expect([words, status, stdout]).toEqual([words, 3, ""]);
      expect(stderr).toContain("skep init");
    }
    expect(existsSync(join(cwd, ".skep"))).toBe(false);
  });
});

/** Sends `count` messages to a1 and claims them: their receipts. */
async function received(skep: Place["skep"], count: number): Promise<string[]> {
  for (let i = 0; i < count; i++) await skep(["send", "a1", `${i}`]);
  const { stdout } = await skep(["recv", "a1", "--max", `${count}`]);
  return jsonLines(stdout).map(({ receipt }) => receipt);
}

/** How every inbox stands, by name. */
async function sums(skep: Place["skep"]): Promise<Record<string, Record<string, number>>> {
  const lines = jsonLines<Record<string, number> & { inbox: string }>(
    (await skep(["inboxes", "--json"])).stdout,
  );
  return Object.fromEntries(lines.map((line) => [line.inbox, line]));
}
