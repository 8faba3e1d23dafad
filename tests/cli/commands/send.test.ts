import { join } from "node:path";
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { routeAll } from "../../bus/routed.ts";
import { openHomeBus } from "../../fixtures/bus/bus.ts";
import { newSkep } from "../../helpers/skep.ts";
import { tempDir } from "../../helpers/temp-dir.ts";

// Processes start slowly on a busy machine.
setDefaultTimeout(240_000);

const linesOf = (stdout: string) => stdout.trimEnd().split("\n");

test("an address is what the sender's address book says, and the answer has how many got it", async () => {
  const skep = newSkep();
  const home = join(tempDir(), "home");
  await skep(["init", "--home", home]);
  const bus = await openHomeBus(home);
  await routeAll(bus);
  bus.doorbell.close();
  await bus.store.close();
  const as = (name: string, words: string[]) => skep([...words, "--as", name, "--home", home]);
  expect(await as("c1", ["send", "@workers", "go"])).toEqual({
    status: 0,
    stdout: '{"id":1,"to":"@workers","deliveries":3}\n',
    stderr: "",
  });
  expect(await as("w1", ["send", "w2", "psst"])).toEqual({
    status: 3,
    stdout: "",
    stderr:
      "skep: w2 is not in the address book of w1\n  It holds @coordinator, @team:c1, c1, w1.\n",
  });
  expect(await as("c1", ["request", "@workers", "?"])).toMatchObject({
    status: 2,
    stderr: expect.stringContaining("@workers means 3 inboxes"),
  });
  expect((await as("c1", ["send", "@worker", "go"])).stderr).toContain("Did you mean @workers?");
  expect((await as("c1", ["recv", "@workers"])).status).toBe(2);
});

describe("send --key", () => {
  test("sends once and answers with the first id ever after; another message with it exits 6", async () => {
    const skep = newSkep();
    const words = ["send", "a1", "x", "--key", "k", "--as", "ada"];
    expect((await skep(words)).stdout).toBe('{"id":1,"to":"a1","created":true}\n');
    expect(await skep(words)).toEqual({
      status: 0,
      stdout: '{"id":1,"to":"a1","already":true}\n',
      stderr: "",
    });
    expect(await skep(["send", "a1", "y", "--key", "k", "--as", "ada"])).toEqual({
      status: 6,
      stdout: "",
      stderr:
        'skep: the key "k" was used for another message, 1\n' +
        "  A key stands for one recipient, type and body. Give what is new a key of its own.\n",
    });
    // Without --as it is somebody else's key.
    expect((await skep(["send", "a1", "y", "--key", "k"])).stdout).toBe('{"id":2,"to":"a1"}\n');
  });

  test("in a batch only the line with the conflict is refused, and the exit says so", async () => {
    const skep = newSkep();
    const lines = [
      '{"to":"a1","body":"x","key":"k"}',
      '{"to":"a1","body":"y","key":"k"}',
      '{"to":"a1","body":"x","key":"k"}',
      '{"to":"a1","body":"z"}',
    ].join("\n");
    const { status, stdout } = await skep(["send", "--batch", "--json"], lines);
    expect(status).toBe(6);
    const answers = linesOf(stdout).map((line) => JSON.parse(line));
    expect(answers[1].error.code).toBe("E_CONFLICT");
    answers.splice(1, 1);
    expect(answers).toEqual([
      { id: 1, to: "a1", created: true },
      { id: 1, to: "a1", already: true },
      { id: 2, to: "a1" },
    ]);
  });

  test("has to be 1 to 256 bytes, without control characters", async () => {
    const skep = newSkep();
    for (const key of ["", "x".repeat(257), "a\nb"])
      expect((await skep(["send", "a1", "x", "--key", key])).status).toBe(2);
  });
});

describe("send --delay and --ttl", () => {
  test("nobody gets it before its delay is over, and who waits gets it then", async () => {
    const skep = newSkep();
    await skep(["send", "a1", "later", "--delay", "1h"]);
    expect((await skep(["recv", "a1"])).status).toBe(3);
    await skep(["send", "a1", "soon", "--delay", "1s"]);
    const { status, stdout } = await skep(["recv", "a1", "--wait", "30s"]);
    expect(status).toBe(0);
    const { body, sent_at: sentAt } = JSON.parse(stdout);
    expect(body).toBe("soon");
    expect(Date.now() - sentAt).toBeGreaterThanOrEqual(1_000);
  });

  test("nobody gets it once its time is over, and inboxes say that it expired", async () => {
    const skep = newSkep();
    await skep(["send", "a1", "x", "--ttl", "1ms"]);
    expect((await skep(["recv", "a1"])).status).toBe(3);
    const { stdout } = await skep(["inboxes", "--json"]);
    expect(JSON.parse(linesOf(stdout)[0]!)).toMatchObject({ ready: 0, expired: 1 });
  });

  test("a line of a batch has its own", async () => {
    const skep = newSkep();
    const lines =
      '{"to":"a1","body":"later","delay_ms":600000}\n{"to":"a1","body":"gone","ttl_ms":1}\n{"to":"a1","body":"now"}\n';
    expect((await skep(["send", "--batch"], lines)).status).toBe(0);
    const { stdout } = await skep(["recv", "a1", "--max", "10"]);
    expect(linesOf(stdout).map((line) => JSON.parse(line).body)).toEqual(["now"]);
  });

  test("what cannot be is refused: no ttl at all, or one that its delay outlasts", async () => {
    const skep = newSkep();
    for (const flags of [
      ["--ttl", "0s"],
      ["--ttl", "5s", "--delay", "5s"],
      ["--delay", "soon"],
    ])
      expect((await skep(["send", "a1", "x", ...flags])).status).toBe(2);
  });
});

test("send --durable answers as any other send", async () => {
  const skep = newSkep();
  expect((await skep(["send", "a1", "x", "--durable"])).stdout).toBe(
    '{"id":1,"to":"a1","created":true}\n',
  );
  const { stdout } = await skep(["send", "--batch", "--durable"], '{"to":"a1","body":"x"}');
  expect(stdout).toBe('{"id":2,"to":"a1"}\n');
});

test("nobody is handed a request after its --timeout, unless --ttl says that it is wanted longer", async () => {
  const skep = newSkep();
  for (const [flags, status] of [
    [[], 3],
    [["--ttl", "1h"], 0],
  ] as const) {
    const asked = await skep(["request", "a1", "?", "--timeout", "50ms", ...flags]);
    expect(asked.status).toBe(3);
    expect((await skep(["recv", "a1"])).status).toBe(status);
  }
});

test("reply --ttl says how long the answer is wanted", async () => {
  const skep = newSkep();
  await skep(["send", "a1", "?", "--as", "ada"]);
  const { receipt } = JSON.parse((await skep(["recv", "a1"])).stdout);
  expect((await skep(["reply", receipt, "late", "--ttl", "1ms"])).status).toBe(0);
  expect((await skep(["recv", "ada"])).status).toBe(3);
});

describe("send --batch", () => {
  for (const [flag, value, name] of [
    ["--type", "t", "type"],
    ["--priority", "4", "priority"],
    ["--thread", "x", "thread"],
    ["--reply-to", "back", "reply_to"],
    ["--delay", "500ms", "delay_ms"],
    ["--ttl", "1m", "ttl_ms"],
    ["--key", "k", "key"],
  ] as const)
    test(`takes no ${flag} that would be for none of its lines`, async () => {
      const skep = newSkep();
      const words = ["send", "--batch", flag, value];
      const { status, stdout, stderr } = await skep(words, '{"to":"a1","body":"x"}');
      expect([status, stdout]).toEqual([2, ""]);
      expect(stderr).toStartWith(`skep: with --batch each line has its own ${name}\n`);
      // What the hint shows is a line that goes.
      const line = /\{.*\}/.exec(stderr)![0];
      expect((await skep(["send", "--batch"], line)).status).toBe(0);
    });
});
