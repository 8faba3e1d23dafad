// Where the output goes: data on standard output, words on standard error, and what happens when nobody reads.
import { writeFileSync } from "node:fs";
import { describe, expect, test } from "bun:test";
import { jsonLines } from "./json.ts";
import { look } from "./look.ts";
import { type Place, places } from "./place.ts";
import { draftLine } from "./verbs.ts";

const place = places();

const stays = "It stays done: do not repeat it.";

describe("a closed pipe on standard output", () => {
  test("head -1 gets its line, and the command that wrote more ends with 141 and without a word", async () => {
    const here = await filled(2_000);
    const { stdout, stderr } = await shell(here, '"$0" peek a1 --max 1000 | head -1');
    expect(jsonLines(stdout)[0]).toMatchObject({ id: 1 });
    expect(stderr).toBe("");
    const alone = await shell(here, '{ "$0" peek a1 --max 1000; echo "status $?" >&2; } | true');
    expect(alone.stderr).toBe("status 141\n");
  });

  test("what recv --ack could not print is not acked, and comes again", async () => {
    const here = await filled(100);
    const { stderr } = await shell(
      here,
      '{ cat /dev/zero; "$0" recv a1 --ack --max 100 --lease 1ms; echo "status $?" >&2; } | true',
    );
    expect(stderr).toBe("status 141\n");
    const again = await here.skep(["recv", "a1", "--wait", "5s", "--max", "100"]);
    expect(jsonLines(again.stdout)[0]).toMatchObject({ id: 1, attempt: 2 });
    expect(look(here.home, "select acked from ledger")).toEqual([{ acked: 0 }]);
  });

  test("a send whose answer nobody reads has still sent, once, and says so", async () => {
    const here = place();
    const { stderr } = await shell(
      here,
      '{ cat /dev/zero; "$0" send a1 x --quiet; echo "status $?" >&2; } | true',
    );
    expect(stderr).toBe(
      `skep: message 1 was sent to a1, but stdout is closed\n  ${stays}\nstatus 141\n`,
    );
    expect(look(here.home, "select id from messages")).toEqual([{ id: 1 }]);
  });

  test("a batch whose answers nobody reads says how many it sent, and reads no more of its lines", async () => {
    const here = place();
    writeFileSync(here.path("lines"), `x\n${draftLine("a1", "x").repeat(3)}`);
    const { stderr } = await shell(
      here,
      `{ cat /dev/zero; "$0" send --batch < "${here.path("lines")}"; echo "status $?" >&2; } | true`,
    );
    const [row] = look<{ rows: number }>(here.home, "select count(*) as rows from messages");
    expect(row!.rows).toBeGreaterThan(0);
    const [, count, last] = /^skep: (\d+) messages? w.* sent, the last one as message (\d+), /.exec(
      stderr,
    )!;
    expect([count, last]).toEqual([String(row!.rows), String(row!.rows)]);
    expect(stderr).toEndWith("status 141\n");
  });

  test("a batch of which nothing was sent has nothing to say", async () => {
    const { stderr } = await shell(
      place(),
      '{ cat /dev/zero; echo x | "$0" send --batch; echo "status $?" >&2; } | true',
    );
    expect(stderr).toBe("status 141\n");
  });

  test("a batch whose answers nobody reads ends, and each message it sent is whole", async () => {
    const here = place();
    writeFileSync(
      here.path("lines"),
      `${JSON.stringify({ to: "a1", body: "x".repeat(500) })}\n`.repeat(900),
    );
    const { stderr } = await shell(
      here,
      `{ "$0" send --batch < "${here.path("lines")}"; echo "status $?" >&2; } | head -1`,
    );
    expect(stderr).toMatch(/^(status 0|skep: \d+ messages [^]*status 141)\n$/);
    const [row] = look<{ rows: number; ready: number }>(
      here.home,
      "select (select count(*) from messages where length(body) = 500) as rows, ready from ledger",
    );
    expect(row!.rows).toBe(row!.ready);
  });

  test("a closed standard error keeps nobody from working", async () => {
    const here = place();
    const { stdout } = await shell(here, '"$0" send a1 x 2>&-; "$0" nonsense 2>&-; echo $?');
    expect(stdout).toBe('{"id":1,"to":"a1","created":true}\n2\n');
  });
});

describe("a full disk behind standard output", () => {
  test("the command says that its answer could not be written, and exits 7", async () => {
    const here = await filled(1);
    const { stdout, stderr } = await shell(here, '"$0" recv a1 --ack > /dev/full; echo $?');
    expect(stdout).toBe("7\n");
    expect(stderr).toStartWith("skep: stdout cannot be written to (ENOSPC)\n");
    // Nobody saw it, so it was not acked.
    expect(look(here.home, "select leased, acked from ledger")).toEqual([{ leased: 1, acked: 0 }]);
  });
});

describe("what sends says on standard error what it did when its answer cannot be written", () => {
  const verbs: [verb: string, script: string, says: string][] = [
    ["send", '"$0" send a1 x', "message 2 was sent to a1"],
    [
      "send --batch",
      'echo "$LINE" | "$0" send --batch',
      "1 message was sent, the last one as message 2",
    ],
    ["publish", '"$0" publish news x', "message 2 was published to 1 inbox"],
    ["reply", '"$0" reply "$RECEIPT" yes', "the answer was sent to a1 as message 2"],
    [
      "ack --reply",
      '"$0" ack "$RECEIPT" --reply yes',
      "1.1.[0-9]+ was acked and the answer sent to a1 as message 2",
    ],
    [
      "request",
      '{ "$0" recv w1 --wait 3m | { IFS=, read -r id receipt rest; receipt=${receipt#*:?}; "$0" ack "${receipt%?}" --reply yes; } > "$TO"; } & "$0" request w1 "?" --timeout 3m',
      "the answer came as message 3 and is acked [(]skep sql shows its body[)]",
    ],
  ];
  for (const [verb, script, says] of verbs)
    test(verb, async () => {
      const here = place();
      await here.skep(["send", "a2", "?", "--reply-to", "a1"]);
      await here.skep(["subscribe", "news", "a1"]);
      const [line] = jsonLines((await here.skep(["recv", "a2"])).stdout);
      const env = { RECEIPT: line!.receipt, LINE: draftLine("a1", "x"), TO: here.path("acked") };
      const before = ["sh", "-c", `{ ${script}; } > /dev/full; echo $?; wait`];
      const { stdout, stderr } = await here.skep([], { before, env });
      expect(stdout).toBe("7\n");
      expect(stderr).toMatch(
        new RegExp(`^skep: ${says}, but stdout cannot be written to .ENOSPC.\n  ${stays} Check`),
      );
    });
});

describe("data and words", () => {
  test("what is data is alone on standard output, even with --json and --quiet", async () => {
    const { skep } = place();
    const init = await skep(["init"]);
    expect(jsonLines<object>(init.stdout)).toEqual([{ home: expect.any(String) }]);
    expect(init.stderr).toMatch(/^settings: .*\ntry: /);
    for (const words of [
      ["send", "a1", "x"],
      ["peek", "a1"],
      ["recv", "a1"],
      ["inboxes"],
      ["trace", "1"],
    ]) {
      for (const flags of [["--json"], ["--json", "--quiet"]]) {
        const { status, stdout, stderr } = await skep([...words, ...flags]);
        if (status === 0) expect([words, jsonLines(stdout).length > 0]).toEqual([words, true]);
        expect([words, status === 0 ? stderr : stdout]).toEqual([words, ""]);
      }
    }
  });

  test("nothing in a message can drive the terminal of whoever looks on", async () => {
    const { skep } = place();
    await skep(["send", "a1", "\u001b]0;owned\u0007\u202e", "--type", "\u001b[2J"]);
    for (const words of [
      ["trace", "1"],
      ["recv", "a1"],
      ["nack", "1.1.1"],
    ]) {
      const { stdout, stderr } = await skep(words);
      // eslint-disable-next-line no-control-regex
      expect(stdout + stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
    }
  });
});

/** A place with `count` messages of 500 bytes in a1. */
async function filled(count: number): Promise<Place> {
  const here = place();
  const line = `${JSON.stringify({ to: "a1", body: "x".repeat(500) })}\n`;
  const env = { SKEP_BUS_INBOX_CAP: "100000" };
  await here.skep(["send", "--batch"], { env, stdin: line.repeat(count) });
  return here;
}

/** Runs `script` in a shell where `$0` is the executable. */
function shell(here: Place, script: string) {
  return here.skep([], { before: ["sh", "-c", script] });
}
