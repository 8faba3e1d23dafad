// What is typed or piped in wrongly gets one clear error, and nothing is lost or half done.
import { writeFileSync } from "node:fs";
import { describe, expect, test } from "bun:test";
import { waitUntil } from "../helpers/wait-until.ts";
import { failureIn, jsonLines } from "./json.ts";
import { look, untilWaiting } from "./look.ts";
import { places } from "./place.ts";

const place = places();

const wholeLimit = 1024 * 1024;

// Nothing of the list may do anything, so one home serves all of it.
const wrong: [title: string, words: string[], code: string, says: RegExp][] = [
  ["an unknown command", ["sned", "a1", "x"], "E_USAGE", /no command "sned".*Did you mean send\?/],
  ["an unknown command near nothing", ["frobnicate"], "E_USAGE", /`skep help` lists/],
  ["an empty command", [""], "E_USAGE", /no command ""/],
  ["help for an unknown command", ["help", "rcev"], "E_USAGE", /Did you mean recv\?/],
  ["an unknown flag", ["send", "--bacth"], "E_USAGE", /no flag --bacth.*Did you mean --batch\?/],
  [
    "an unknown flag before the command",
    ["--hme", "x", "send"],
    "E_USAGE",
    /Did you mean --home\?/,
  ],
  ["an unknown short flag", ["recv", "a1", "-x"], "E_USAGE", /no flag -x.*Write -- before/],
  ["a flag of another command", ["recv", "a1", "--batch"], "E_USAGE", /no flag --batch/],
  ["a flag without its value", ["recv", "a1", "--wait"], "E_USAGE", /--wait needs a value/],
  [
    "a flag that swallows a flag",
    ["recv", "a1", "--wait", "--ack"],
    "E_USAGE",
    /looks like a flag/,
  ],
  ["a flag given twice", ["recv", "a1", "--max", "1", "--max", "2"], "E_USAGE", /given twice/],
  ["a value for a flag without one", ["recv", "a1", "--ack=yes"], "E_USAGE", /takes no value/],
  [
    "one word too many",
    ["send", "a1", "hello", "world"],
    "E_USAGE",
    /"world" is one word too many/,
  ],
  ["a missing word", ["extend"], "E_USAGE", /RECEIPT is missing.*Usage: skep extend RECEIPT/],
  ["nobody to send to", ["send"], "E_USAGE", /send to whom\?/],
  ["nothing to send", ["send", "a1"], "E_USAGE", /send a1 what\?.*- for standard input/],
  ["recv for nobody", ["recv"], "E_USAGE", /which inbox\?.*--as NAME or SKEP_AGENT/],
  ["a batch with an inbox", ["send", "a1", "--batch"], "E_USAGE", /standard input alone/],
  ["--atomic alone", ["send", "a1", "x", "--atomic"], "E_USAGE", /--atomic goes with --batch/],
  [
    "an inbox name upwards",
    ["send", "../x", "hi"],
    "E_NAME",
    /"\.\.\/x" is not a valid inbox name/,
  ],
  ["an empty inbox name", ["send", "", "hi"], "E_NAME", /"" is not a valid inbox name/],
  ["65 characters", ["send", "a".repeat(65), "hi"], "E_NAME", /1 to 64 characters/],
  ["a name for a shell", ["send", ";drop", "hi"], "E_NAME", /letters, digits, dot, dash/],
  ["a name with a line break", ["send", "a\nb", "hi"], "E_NAME", /"a\\nb" is not/],
  ["a bad name in recv", ["recv", "a/b"], "E_NAME", /"a\/b" is not a valid inbox name/],
  ["a bad name in peek", ["peek", "a/b"], "E_NAME", /"a\/b" is not a valid inbox name/],
  ["a bad name in request", ["request", "a b", "?"], "E_NAME", /"a b" is not a valid inbox name/],
  ["a bad --reply-to", ["send", "a1", "x", "--reply-to", "-"], "E_NAME", /"-" is not/],
  ["a bad --as", ["send", "a1", "x", "--as", ".a"], "E_NAME", /"\.a" is not a valid agent name/],
  [
    "a number as duration",
    ["recv", "a1", "--wait", "5"],
    "E_USAGE",
    /"5" is not a duration.*500ms/,
  ],
  ["a negative duration", ["recv", "a1", "--wait=-5s"], "E_USAGE", /"-5s" is not a duration/],
  ["an unknown unit", ["recv", "a1", "--lease", "5sec"], "E_USAGE", /--lease: "5sec" is not/],
  ["an endless duration", ["recv", "a1", "--wait", "9999999999h"], "E_USAGE", /is not a duration/],
  ["an empty duration", ["down", "--timeout="], "E_USAGE", /"" is not a duration/],
  ["a lease of nothing", ["recv", "a1", "--lease", "0s"], "E_USAGE", /longer than nothing/],
  [
    "an extension of nothing",
    ["extend", "1.1.1", "--lease", "0s"],
    "E_USAGE",
    /longer than nothing/,
  ],
  ["too urgent", ["send", "a1", "x", "--priority", "10"], "E_USAGE", /whole number from 0 to 9/],
  ["half a number", ["recv", "a1", "--max", "1.5"], "E_USAGE", /whole number from 1 to 100/],
  ["none at all", ["recv", "a1", "--max", "0"], "E_USAGE", /whole number from 1 to 100/],
  ["a wrong choice", ["send", "a1", "x", "--on-full", "wiat"], "E_USAGE", /Did you mean wait\?/],
  ["an empty type", ["send", "a1", "x", "--type", ""], "E_USAGE", /type has 0 bytes; 1 to 256/],
  ["no receipt", ["ack", "17"], "E_USAGE", /"17" is not a receipt.*17\.1\.3735928559/],
  [
    "one reply for two",
    ["ack", "1.1.1", "2.1.1", "--reply", "x"],
    "E_USAGE",
    /answers one message/,
  ],
  ["no id", ["trace", "0x10"], "E_USAGE", /"0x10" is not the id of a message/],
  ["an empty home", ["send", "a1", "x", "--home", ""], "E_USAGE", /--home names no directory/],
];

describe("a usage error exits 2, says what is wrong and what to do, and does nothing", () => {
  const at = once(place);

  for (const [title, words, code, says] of wrong)
    test(title, async () => {
      const { skep } = at();
      const [text, json] = await Promise.all([skep(words), skep([...words, "--json"])]);
      expect([text.status, text.stdout, json.status, json.stdout]).toEqual([2, "", 2, ""]);
      expect(text.stderr).toStartWith("skep: ");
      expect(text.stderr.replace(/\n */g, " ")).toMatch(says);
      expect(failureIn(json.stderr)).toMatchObject({ code, retry_after_ms: null });
    });

  test("after all of them there is no inbox and no message", async () => {
    const { home } = at();
    expect(look(home, "select * from ledger")).toEqual([]);
    expect(look(home, "select * from messages")).toEqual([]);
  });
});

describe("bodies", () => {
  test("a body over the limit is refused from the argument, standard input and a batch line", async () => {
    const { skep } = place();
    const env = { SKEP_BUS_BODY_BYTES_MAX: "1000" };
    const [fits, over] = ["a".repeat(1_000), "a".repeat(1_001)];
    const argument = await skep(["send", "a1", over], { env });
    expect([argument.status, argument.stdout]).toEqual([2, ""]);
    expect(argument.stderr).toContain("the body has 1001 bytes; 1000 are allowed");
    const piped = await skep(["send", "a1", "-"], { env, stdin: over });
    expect([piped.status, piped.stdout]).toEqual([2, ""]);
    expect(piped.stderr).toContain("longer than 1000 bytes");
    const batch = await skep(["send", "--batch"], {
      env,
      stdin: [over, fits, "a".repeat(20_000)].map((body) => draft("a1", body)).join(""),
    });
    expect(batch.status).toBe(2);
    const [first, second, third] = jsonLines<object>(batch.stdout);
    expect([first, third]).toMatchObject([
      { error: { code: "E_BODY" } },
      { error: { code: "E_BODY" } },
    ]);
    expect(second).toMatchObject({ id: 1 });
    expect(batch.stderr).toBe("2 of 3 messages were refused\n");
    const [line] = jsonLines((await skep(["recv", "a1"])).stdout);
    expect(line!.body).toBe(fits);
  });

  test("the limit is 1 MiB, and a body of just that much arrives whole", async () => {
    const { skep } = place();
    const body = Buffer.alloc(wholeLimit, "ab\n");
    expect((await skep(["send", "a1", "-"], { stdin: body })).status).toBe(0);
    const over = await skep(["send", "a1", "-", "--json"], { stdin: Buffer.concat([body, body]) });
    expect([over.status, failureIn(over.stderr).code]).toEqual([2, "E_BODY"]);
    const [line] = jsonLines((await skep(["recv", "a1"])).stdout);
    expect(line!.body === body.toString()).toBe(true);
  });

  test("invalid UTF-8, NUL and every other byte arrive as they were, through standard input and a batch", async () => {
    const { skep } = place();
    const all = Uint8Array.from({ length: 512 }, (_, i) => i);
    const text = Buffer.from("a\0b\n\ufeffé\u2028\n");
    const base64 = Buffer.from(all).toString("base64");
    await skep(["send", "a1", "-"], { stdin: all });
    await skep(["send", "a1", "-"], { stdin: text });
    await skep(["send", "--batch"], { stdin: `{"to":"a1","body_b64":"${base64}"}\n` });
    await skep(["send", "--batch"], { stdin: draft("a1", text.toString()) });
    await skep(["send", "--batch"], { stdin: '{"to":"a1","body":"nul \\u0000 here"}\n' });
    const lines = jsonLines((await skep(["recv", "a1", "--max", "9"])).stdout);
    expect(lines.map(({ body, body_b64 }) => ({ body, body_b64 }))).toEqual([
      { body: null, body_b64: base64 },
      { body: text.toString(), body_b64: null },
      { body: null, body_b64: base64 },
      { body: text.toString(), body_b64: null },
      { body: "nul \0 here", body_b64: null },
    ]);
  });

  test("an argument that is not UTF-8 is refused rather than sent as something else", async () => {
    const { skep, tools, executable } = place();
    const { status, stdout, stderr } = await skep([], {
      before: [`${tools}/sh`, "-c", `exec "$0" send a1 "$(printf 'x\\377y')"`],
    });
    expect([executable, status, stdout]).toEqual([executable, 2, ""]);
    expect(stderr).toContain("skep send TO - < FILE");
  });

  test("an empty body is a body when it is meant", async () => {
    const { skep } = place();
    expect((await skep(["send", "a1", ""])).status).toBe(0);
    expect((await skep(["send", "a1", "-"], { stdin: "" })).status).toBe(0);
    const lines = jsonLines((await skep(["recv", "a1", "--max", "9"])).stdout);
    expect(lines.map(({ body }) => body)).toEqual(["", ""]);
  });

  test("words that start with a dash are bodies after --", async () => {
    const { skep } = place();
    expect((await skep(["send", "a1", "--", "--json"])).status).toBe(0);
    expect(jsonLines((await skep(["recv", "a1"])).stdout)[0]!.body).toBe("--json");
  });

  test("standard input that cannot be read is a usage error", async () => {
    const { skep, tools } = place();
    const { status, stderr } = await skep(["send", "a1", "-"], {
      before: [`${tools}/sh`, "-c", 'exec "$0" "$@" </'],
    });
    expect(status).toBe(2);
    expect(stderr).toContain("standard input cannot be read (EISDIR)");
  });
});

describe("batch lines", () => {
  const bad: [line: string, code: string][] = [
    ["not json", "E_USAGE"],
    ["[1]", "E_USAGE"],
    ["null", "E_USAGE"],
    ['{"to":"a1"}', "E_USAGE"],
    ['{"body":"x"}', "E_USAGE"],
    ['{"to":"a1","body":"x","body_b64":"eA=="}', "E_USAGE"],
    ['{"to":"a1","body_b64":"%%%%"}', "E_USAGE"],
    ['{"to":"a1","body":"x","prioritty":1}', "E_USAGE"],
    ['{"to":"a1","body":"x","priority":10}', "E_USAGE"],
    ['{"to":"a1","body":"\\ud800"}', "E_USAGE"],
    ['{"to":"../x","body":"x"}', "E_NAME"],
    ['{"to":"a1","body":"cut of', "E_USAGE"],
  ];

  test("each bad line is answered in its place, and the good ones between them go", async () => {
    const { skep } = place();
    const stdin = bad.map(([line]) => `${draft("a1", "good")}${line}\n`).join("");
    const { status, stdout, stderr } = await skep(["send", "--batch"], { stdin });
    expect([status, stderr]).toEqual([
      2,
      `${bad.length} of ${2 * bad.length} messages were refused\n`,
    ]);
    const answers = jsonLines<{ id?: number; error?: { code: string } }>(stdout);
    expect(answers.map(({ error }) => error?.code)).toEqual(
      bad.flatMap(([, code]) => [undefined, code]),
    );
    const peeked = jsonLines((await skep(["peek", "a1", "--max", "99"])).stdout);
    expect(peeked.map(({ id }) => id)).toEqual(answers.flatMap(({ id }) => id ?? []));
  });

  test("bytes that are not UTF-8 are answered in their place", async () => {
    const { skep } = place();
    const stdin = Buffer.concat([
      Buffer.from('{"to":"a1","body":"\xff"}\n', "latin1"),
      Buffer.from(draft("a1", "good")),
    ]);
    const { stdout } = await skep(["send", "--batch"], { stdin });
    expect(jsonLines<object>(stdout)).toMatchObject([{ error: { code: "E_BODY" } }, { id: 1 }]);
  });

  test("more than 500 lines with --atomic are refused whole", async () => {
    const { skep } = place();
    const stdin = draft("a1", "x").repeat(501);
    const { status, stdout, stderr } = await skep(["send", "--batch", "--atomic"], { stdin });
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("more than 500 messages in one atomic batch");
    expect((await skep(["inboxes"])).stdout).toBe("");
  });

  test("Ctrl-C before the end of the input sends nothing of an atomic batch, and exits 130", async () => {
    const { skep, start } = place();
    const sender = start(["send", "--batch", "--atomic"], { stdin: "open" });
    // More than a pipe holds, so that it has read some of it when this is written.
    await sender.write(draft("a1", "x".repeat(1_000)).repeat(300));
    sender.kill("SIGINT");
    expect(await sender.ended).toEqual({ status: 130, stdout: "", stderr: "" });
    expect(jsonLines((await skep(["inboxes", "--json"])).stdout)).toEqual([]);
  });

  test("Ctrl-C while a batch waits for its next line exits 130", async () => {
    const { start } = place();
    const sender = start(["send", "--batch"], { stdin: "open" });
    await sender.write(draft("a1", "x"));
    await waitUntil("its answer", () => sender.said() !== "");
    sender.kill("SIGINT");
    expect(await sender.ended).toMatchObject({ status: 130, stderr: "" });
  });

  test("Ctrl-C while a batch waits for room exits 130 and has answered what was sent", async () => {
    const { skep, start, home } = place();
    const env = { SKEP_BUS_INBOX_CAP: "3" };
    const sender = start(["send", "--batch", "--timeout", "60s"], { stdin: "open", env });
    await sender.write(draft("a1", "x").repeat(5));
    await untilWaiting(home, "a1", "room");
    sender.kill("SIGINT");
    const { status, stdout } = await sender.ended;
    const answers = jsonLines<{ id?: number; error?: { code: string } }>(stdout);
    expect(answers.flatMap(({ id }) => id ?? [])).toEqual([1, 2, 3]);
    expect(answers.slice(3).every(({ error }) => error?.code === "E_FULL")).toBe(true);
    expect(status).not.toBe(0);
    expect(jsonLines((await skep(["peek", "a1"])).stdout)).toHaveLength(3);
  });
});

describe("full inboxes", () => {
  const env = { SKEP_BUS_INBOX_CAP: "1" };

  test("--on-full fail refuses at once with E_FULL, exit 4 and a time to try again", async () => {
    const { skep } = place();
    await skep(["send", "a1", "1"], { env });
    const refused = await skep(["send", "a1", "2", "--on-full", "fail", "--json"], { env });
    expect([refused.status, refused.stdout]).toEqual([4, ""]);
    const error = failureIn(refused.stderr);
    expect(error).toMatchObject({ code: "E_FULL", message: "inbox a1 is full" });
    expect(error.retry_after_ms).toBeGreaterThan(0);
    const waited = await skep(["send", "a1", "2", "--timeout", "100ms"], { env });
    expect([waited.status, waited.stdout]).toEqual([4, ""]);
  });

  test("a sender that waits goes on as soon as there is room", async () => {
    const { skep, start, home } = place();
    await skep(["send", "a1", "1"], { env });
    const sender = start(["send", "a1", "2", "--timeout", "60s"], { env });
    await untilWaiting(home, "a1", "room");
    await skep(["recv", "a1", "--ack"]);
    expect(await sender.ended).toMatchObject({ status: 0, stdout: '{"id":2,"to":"a1"}\n' });
  });
});

describe("receipts", () => {
  test("a stale receipt exits 5, says who has it now, and changes nothing", async () => {
    const { skep } = place();
    await skep(["send", "a1", "1"]);
    const [old] = jsonLines((await skep(["recv", "a1", "--lease", "1ms"])).stdout);
    const [current] = jsonLines((await skep(["recv", "a1", "--wait", "5s", "--as", "b1"])).stdout);
    for (const words of [["ack"], ["ack", "--reply", "x"], ["nack"], ["extend"]]) {
      const { status, stdout, stderr } = await skep([...words, old!.receipt, "--json"]);
      expect([words, status, stdout]).toEqual([words, 5, ""]);
      expect(failureIn(stderr).message).toEndWith("is stale: its delivery is claimed again by b1");
    }
    expect((await skep(["reply", old!.receipt, "x"])).status).toBe(5);
    expect((await skep(["ack", current!.receipt])).status).toBe(0);
    expect((await skep(["ack", old!.receipt])).status).toBe(5);
    expect((await skep(["nack", current!.receipt])).status).toBe(5);
  });

  test("a receipt of another bus is told from a stale one, and settles nothing here", async () => {
    const [here, there] = [place(), place()];
    await here.skep(["send", "a1", "1"]);
    await there.skep(["send", "a1", "1"]);
    await here.skep(["recv", "a1"]);
    const [line] = jsonLines((await there.skep(["recv", "a1"])).stdout);
    const { status, stderr } = await here.skep(["ack", line!.receipt]);
    expect(status).toBe(5);
    expect(stderr).toContain("was not given out by this bus\n");
    expect(stderr).toContain("(--home)");
    expect((await here.skep(["inboxes"])).stdout).toMatch(/^a1 +0 +0 +1 /m);
    expect((await there.skep(["ack", line!.receipt])).status).toBe(0);
  });

  test("a message without a sender has nobody to reply to, and stays claimed", async () => {
    const { skep } = place();
    await skep(["send", "a1", "1"]);
    const [line] = jsonLines((await skep(["recv", "a1"])).stdout);
    const { status, stderr } = await skep(["ack", line!.receipt, "--reply", "x"]);
    expect(status).toBe(3);
    expect(stderr).toContain("nobody to reply to");
    expect((await skep(["ack", line!.receipt])).stdout).not.toContain("already");
  });
});

describe("nothing there exits 3", () => {
  test("an empty inbox, an unknown inbox, an unknown message", async () => {
    const { skep } = place();
    await skep(["send", "inbox", "x"]);
    const recv = await skep(["recv", "a1"]);
    expect([recv.status, recv.stdout]).toEqual([3, ""]);
    expect(recv.stderr).toBe("skep: nothing in a1\n  Wait for a message with --wait 30s.\n");
    expect(failureIn((await skep(["recv", "a1", "--json"])).stderr).code).toBe("E_EMPTY");
    const peek = await skep(["peek", "inbxo", "--json"]);
    expect(failureIn(peek.stderr)).toMatchObject({
      code: "E_NOT_FOUND",
      hint: "Did you mean inbox?",
    });
    const trace = await skep(["trace", "99"]);
    expect([peek.status, trace.status]).toEqual([3, 3]);
    expect(trace.stderr).toContain("there is no message 99");
  });

  test("--quiet leaves errors and drops the rest", async () => {
    const { skep } = place();
    expect(await skep(["init", "--quiet"], { env: { SKEP_HOME: undefined } })).toMatchObject({
      status: 0,
      stderr: "",
    });
    expect((await skep(["recv", "a1", "-q"])).stderr).toStartWith("skep: nothing in a1\n");
  });
});

describe("settings", () => {
  test("a wrong skep.toml or SKEP_ variable exits 2 and names the place", async () => {
    const { skep, home } = place();
    await skep(["send", "a1", "x"]);
    const variable = await skep(["inboxes", "--json"], { env: { SKEP_BUS_LEESE: "5s" } });
    expect([variable.status, failureIn(variable.stderr).code]).toEqual([2, "E_CONFIG"]);
    expect(variable.stderr).toContain("SKEP_BUS_LEESE");
    expect(variable.stderr).toContain("SKEP_BUS_LEASE");
    writeFileSync(`${home}/skep.toml`, '[bus]\nlease = "soon"\n');
    const file = await skep(["send", "a1", "x"]);
    expect([file.status, file.stdout]).toEqual([2, ""]);
    expect(file.stderr).toMatch(/skep\.toml.*lease must be a duration.*not "soon"/);
  });
});

/** `make`, called once: the same answer each time. */
function once<Made>(make: () => Made): () => Made {
  let made: Made | undefined;
  return () => (made ??= make());
}

function draft(to: string, body: string): string {
  return `${JSON.stringify({ to, body })}\n`;
}
