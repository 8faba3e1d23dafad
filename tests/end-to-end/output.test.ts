// Where the output goes: data on standard output, words on standard error, and what happens when nobody reads.
import { writeFileSync } from "node:fs";
import { describe, expect, test } from "bun:test";
import { jsonLines } from "./json.ts";
import { look } from "./look.ts";
import { type Place, places } from "./place.ts";

const place = places();

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
      '{ sleep 0.2; "$0" recv a1 --ack --max 100 --lease 1ms; echo "status $?" >&2; } | true',
    );
    expect(stderr).toBe("status 141\n");
    const again = await here.skep(["recv", "a1", "--wait", "5s", "--max", "100"]);
    expect(jsonLines(again.stdout)[0]).toMatchObject({ id: 1, attempt: 2 });
    expect(look(here.home, "select acked from ledger")).toEqual([{ acked: 0 }]);
  });

  test("a send whose answer nobody reads has still sent, once", async () => {
    const here = place();
    await shell(here, '{ sleep 0.2; "$0" send a1 x; } | true');
    expect(look(here.home, "select id from messages")).toEqual([{ id: 1 }]);
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
    expect(stderr).toMatch(/^status (0|141)\n$/);
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

describe("data and words", () => {
  test("what is data is alone on standard output, even with --json and --quiet", async () => {
    const { skep } = place();
    const init = await skep(["init"]);
    expect(jsonLines<object>(init.stdout)).toEqual([{ home: expect.any(String) }]);
    expect(init.stderr).toStartWith("try: ");
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
