// send and recv on their happy path: what they print, letter by letter where that is a promise.
import { statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "bun:test";
import { waitUntil } from "../helpers/wait-until.ts";
import { type Line, deliveryKeys, jsonLines, failureIn } from "./json.ts";
import { places } from "./place.ts";
import { sums } from "./verbs.ts";

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
    expect(line!.lease_until).toBeWithin(before + 300_000, Date.now() + 300_001);
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
    expect(bad.stderr).toStartWith("skep: line 4: not a line of JSON: not json\n");
    expect(await sums(skep)).toMatchObject({ a1: { sent: 2 }, b1: { sent: 1 } });
  });

  const refused: [what: string, line: object, says: string][] = [
    ["no name", { to: "../x", body: "x" }, '"../x" is not a valid inbox name'],
    ["a full inbox", { to: "full", body: "x" }, "inbox full is full"],
    ["no type", { to: "a1", body: "x", type: "" }, "the type has 0 bytes; 1 to 256 are allowed"],
    [
      "the key of another line",
      { to: "a1", body: "x", key: "k" },
      'the key "k" is also that of line 3, which is another message',
    ],
    [
      "the key of a message that was sent",
      { to: "a1", body: "x", key: "old" },
      'the key "old" was used for another message, 1',
    ],
  ];
  for (const [what, line, says] of refused)
    test(`with --atomic a line with ${what} is named by its number, blank ones counted`, async () => {
      const { skep } = place();
      await skep(["send", "full", "first", "--key", "old"]);
      await skep(["limits", "set", "full", "--cap", "1"]);
      const batch = ["", '{"to":"a1","body":"1"}', '{"to":"a1","body":"2","key":"k"}', " \t\r"];
      const stdin = [...batch, JSON.stringify(line), '{"to":"a1","body":"3"}'].join("\n");
      const words = ["send", "--batch", "--atomic", "--on-full", "fail", "--json"];
      const { status, stdout, stderr } = await skep(words, { stdin });
      expect([stdout, failureIn(stderr).message]).toEqual(["", `line 5: ${says}`]);
      expect(status).not.toBe(0);
      expect(await sums(skep)).toMatchObject({ full: { sent: 1 } });
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
  });
});
