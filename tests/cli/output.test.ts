import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { doorScript } from "../helpers/door.ts";
import { tempDir } from "../helpers/temp-dir.ts";

// Every test here starts processes, and the machine may be busy with others.
setDefaultTimeout(240_000);

describe("standard output", () => {
  test("5 MB reach a reader that takes its time, to the last byte", async () => {
    const { stdout } = await doorScript("$DOOR print --lines 50000 | (sleep 0.3; wc -lc)");
    expect(stdout.trim().split(/\s+/)).toEqual(["50000", "5000000"]);
  });
  test("5 MB reach a file, behind what was there before and before what comes after", async () => {
    const file = join(tempDir(), "out");
    await doorScript(`(echo first; $DOOR print --lines 50000; echo last) > ${file}`);
    const text = readFileSync(file, "utf8");
    expect(text).toHaveLength(5_000_011);
    expect(text).toStartWith("first\nxxx");
    expect(text).toEndWith("xxx\nlast\n");
  });
  test("the last line is there though the process ends at once", async () => {
    expect((await doorScript("$DOOR print --lines 1 | cat")).stdout).toHaveLength(100);
  });
  test("a reader that leaves early ends the command without a word, with 141", async () => {
    const { stdout, stderr } = await doorScript(
      '$DOOR print --lines 50000 | head -1; echo "${PIPESTATUS[0]}"',
    );
    expect(stdout.split("\n").slice(1)).toEqual(["141", ""]);
    expect(stderr.replace("printed\n", "")).toBe("");
  });
  test("a reader that was never there does the same", async () => {
    const { stdout, stderr } = await doorScript(
      '$DOOR print --lines 50000 -q | true; echo "${PIPESTATUS[0]}"',
    );
    expect([stdout, stderr]).toEqual(["141\n", ""]);
  });
  test("a pipe that others share is left as it was, and may be a non-blocking one", async () => {
    const { stdout } = await doorScript(
      "mkfifo_free() { { $DOOR print --lines 1; grep flags /proc/self/fdinfo/1; } | cat; }; mkfifo_free",
    );
    expect(stdout.split("\n")[1]).toMatch(/^flags:\s0*1$/);
  });
  test("a file that cannot grow is told, with the status for storage", async () => {
    const file = join(tempDir(), "out");
    const { stdout, stderr } = await doorScript(
      `(ulimit -f 1; $DOOR print --lines 5000 -q > ${file}); echo $?`,
    );
    expect(stdout).toBe("7\n");
    expect(stderr).toStartWith("skep: stdout cannot be written to (EFBIG)\n");
  });
  test("no output at all is no trouble", async () => {
    expect((await doorScript("$DOOR print --lines 2 -q >&-; echo $?")).stdout).toBe("0\n");
  });
});

describe("standard error", () => {
  test("nobody there to tell is no reason to fail", async () => {
    const { stdout } = await doorScript("$DOOR print --lines 1 2>&- | wc -c");
    expect(stdout.trim()).toBe("100");
    const closed = await doorScript(
      "($DOOR print --lines 1 >/dev/null; echo $? >&3) 3>&1 2>&1 | true",
    );
    expect(closed.stderr).toBe("");
  });
});
