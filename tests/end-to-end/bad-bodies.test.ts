// Bodies and batch lines: every byte arrives as it was or is refused, and a bad line takes no other with it.
import { describe, expect, test } from "bun:test";
import { waitUntil } from "../helpers/wait-until.ts";
import { failureIn, jsonLines } from "./json.ts";
import { untilWaiting } from "./look.ts";
import { places } from "./place.ts";
import { draftLine } from "./verbs.ts";

const place = places();

const wholeLimit = 1024 * 1024;

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
      stdin: [over, fits, "a".repeat(20_000)].map((body) => draftLine("a1", body)).join(""),
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
    await skep(["send", "--batch"], { stdin: draftLine("a1", text.toString()) });
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
    ["\0", "E_USAGE"],
    ["\u0001\u001b\u007f", "E_USAGE"],
    [" \t\v\f", "E_USAGE"],
  ];

  test("each bad line is answered in its place, and the good ones between them go", async () => {
    const { skep } = place();
    const stdin = bad.map(([line]) => `${draftLine("a1", "good")}${line}\n`).join("");
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

  test("with --json the answers are all it says", async () => {
    const { skep } = place();
    const { status, stdout, stderr } = await skep(["send", "--batch", "--json"], { stdin: "no\n" });
    expect([status, jsonLines(stdout).length, stderr]).toEqual([2, 1, ""]);
  });

  test("bytes that are not UTF-8 are answered in their place", async () => {
    const { skep } = place();
    const stdin = Buffer.concat([
      Buffer.from('{"to":"a1","body":"\xff"}\n', "latin1"),
      Buffer.from(draftLine("a1", "good")),
    ]);
    const { stdout } = await skep(["send", "--batch"], { stdin });
    expect(jsonLines<object>(stdout)).toMatchObject([{ error: { code: "E_BODY" } }, { id: 1 }]);
  });

  test("more than 500 lines with --atomic are refused whole", async () => {
    const { skep } = place();
    const stdin = draftLine("a1", "x").repeat(501);
    const { status, stdout, stderr } = await skep(["send", "--batch", "--atomic"], { stdin });
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("line 501: more than 500 messages in one atomic batch");
    expect((await skep(["inboxes"])).stdout).toBe("");
  });

  test("Ctrl-C before the end of the input sends nothing of an atomic batch, and exits 130", async () => {
    const { skep, start } = place();
    const sender = start(["send", "--batch", "--atomic"], { stdin: "open" });
    // More than a pipe holds, so that it has read some of it when this is written.
    await sender.write(draftLine("a1", "x".repeat(1_000)).repeat(300));
    sender.kill("SIGINT");
    expect(await sender.ended).toEqual({ status: 130, stdout: "", stderr: "" });
    expect(jsonLines((await skep(["inboxes", "--json"])).stdout)).toEqual([]);
  });

  test("Ctrl-C while a batch waits for its next line exits 130", async () => {
    const { start } = place();
    const sender = start(["send", "--batch"], { stdin: "open" });
    await sender.write(draftLine("a1", "x"));
    await waitUntil("its answer", () => sender.said() !== "");
    sender.kill("SIGINT");
    expect(await sender.ended).toMatchObject({ status: 130, stderr: "" });
  });

  test("Ctrl-C while a batch waits for room exits 130 and has answered what was sent", async () => {
    const { skep, start, home } = place();
    const env = { SKEP_BUS_INBOX_CAP: "3" };
    const sender = start(["send", "--batch", "--timeout", "10m"], { stdin: "open", env });
    await sender.write(draftLine("a1", "x").repeat(5));
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
