// What becomes of a message that was received, and the answer to a request.
import { describe, expect, test } from "bun:test";
import { type Line, deliveryKeys, jsonLines } from "./json.ts";
import { places } from "./place.ts";
import { received, sums } from "./verbs.ts";

const place = places();

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
    // A second, as when nobody says, may be over before the next command has started.
    const env = { SKEP_BUS_BACKOFF_MIN: "1h", SKEP_BUS_BACKOFF_MAX: "1h" };
    const nacked = await skep(["nack", again!.receipt], { env });
    expect(jsonLines(nacked.stdout)[0]).toMatchObject({ state: "delayed" });
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
    const [line] = jsonLines<object>((await skep(["extend", receipt!, "--lease", "2h"])).stdout);
    expect(line).toEqual({ receipt, id: 1, lease_until: expect.any(Number) });
    const { lease_until } = line as Line;
    expect(lease_until).toBeWithin(before + 7_200_000, Date.now() + 7_200_001);
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
    const asking = start(["request", "oracle", "six by seven?", "--as", "me", "--timeout", "10m"]);
    const [question] = jsonLines((await skep(["recv", "oracle", "--wait", "3m"])).stdout);
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

  test("a second answer, when nobody waits any more, is refused and makes no inbox", async () => {
    const { skep, start } = place();
    const asking = start(["request", "oracle", "?", "--timeout", "10m"]);
    const claim = ["recv", "oracle", "--wait", "3m", "--lease", "10m"];
    const [question] = jsonLines((await skep(claim)).stdout);
    await skep(["reply", question!.receipt, "42"]);
    expect((await asking.ended).status).toBe(0);
    const again = await skep(["ack", question!.receipt, "--reply", "43"]);
    expect([again.status, again.stdout]).toEqual([3, ""]);
    expect(again.stderr).toContain("nobody waits for an answer to message 1 any more");
    expect(await sums(skep)).toEqual({ oracle: expect.objectContaining({ leased: 1 }) });
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
