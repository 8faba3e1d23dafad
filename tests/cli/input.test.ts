import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { door, doorScript, openDoor } from "../helpers/door.ts";

// Every test here starts processes, and the machine may be busy with others.
setDefaultTimeout(240_000);

const base64 = (bytes: string | Uint8Array) => `${Buffer.from(bytes).toString("base64")}\n`;

describe("a body", () => {
  test("is the word itself, or standard input for a dash", async () => {
    expect((await door(["body", "grüße"])).stdout).toBe(base64("grüße"));
    expect((await door(["body", "-"], { stdin: "from a pipe\n" })).stdout).toBe(
      base64("from a pipe\n"),
    );
  });
  test("may start with a dash behind --, and may be empty", async () => {
    expect((await door(["body", "--", "-x"])).stdout).toBe(base64("-x"));
    expect((await door(["body", ""])).stdout).toBe("\n");
    expect((await door(["body", "-"])).stdout).toBe("\n");
  });
  test("from standard input is kept byte for byte", async () => {
    const bytes = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7) % 256);
    expect((await door(["body", "-"], { stdin: bytes })).stdout).toBe(base64(bytes));
  });
  test("on the command line is refused when it is not UTF-8, for its bytes are lost", async () => {
    const { stdout, stderr } = await doorScript("$DOOR body $'\\xff\\x41'; echo $?");
    expect(stdout).toBe("2\n");
    expect(stderr).toContain("not UTF-8");
    expect((await door(["body", "\ufffd"])).stdout).toBe(base64("\ufffd"));
  });
  test("that is too long is refused before all of it was read", async () => {
    const { stdout, stderr } = await doorScript("yes | $DOOR body -; echo $?");
    expect(stdout).toBe("2\n");
    expect(stderr).toContain("longer than 1000000 bytes");
  });
  test("from a closed standard input is empty, and from a directory an error", async () => {
    expect((await doorScript("$DOOR body - <&-")).stdout).toBe("\n");
    const { stdout, stderr } = await doorScript("$DOOR body - < /; echo $?");
    expect(stdout).toBe("2\n");
    expect(stderr).toContain("standard input cannot be read (EISDIR)");
  });
});

describe("lines", () => {
  const lines = async (stdin: string | Uint8Array) =>
    (await door(["lines"], { stdin })).stdout
      .split("\n")
      .filter((line) => line !== "")
      .flatMap((line) => JSON.parse(line) as (string | null)[]);

  test("come without their ends, the last one with or without", async () => {
    expect(await lines("a\nb\n")).toEqual(["a", "b"]);
    expect(await lines("a\n\nb")).toEqual(["a", "", "b"]);
    expect(await lines("")).toEqual([]);
  });
  test("keep every byte but the line feed", async () => {
    expect(await lines(Uint8Array.of(0, 255, 13, 10, 0xc3, 10))).toEqual(["\0\xff\r", "\xc3"]);
  });
  test("that are too long are told in their place, wherever they end", async () => {
    expect(
      await lines(`1234567890\n12345678901\nx\n${"y".repeat(200_000)}\nz\n12345678901`),
    ).toEqual(["1234567890", null, "x", null, "z", null]);
  });
  test("are handed over as they arrive, put together across chunks", async () => {
    const child = openDoor(["lines"], { stdin: "open" });
    const stdin = child.stdin as Bun.FileSink;
    const reader = child.stdout.getReader();
    const answer = async (text: string) => {
      stdin.write(text);
      await stdin.flush();
      return Buffer.from((await reader.read()).value!).toString();
    };
    expect(await answer("a\nb\nc")).toBe('["a","b"]\n');
    expect(await answer("d\ne\n")).toBe('["cd","e"]\n');
    await stdin.end();
    expect((await reader.read()).done).toBe(true);
  });
  test("stop at a signal, though none was read for long", async () => {
    const child = openDoor(["lines"], { stdin: "open" });
    const reader = child.stdout.getReader();
    const stdin = child.stdin as Bun.FileSink;
    stdin.write("a\nb");
    await stdin.flush();
    expect(Buffer.from((await reader.read()).value!).toString()).toBe('["a"]\n');
    child.kill("SIGTERM");
    await child.exited;
    expect(child.exitCode).toBe(143);
    expect((await reader.read()).done).toBe(true);
  });
});
