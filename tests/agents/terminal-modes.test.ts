import { expect, test } from "bun:test";
import { terminalModes } from "../../src/agents/terminal-modes.ts";
import { bytesOf } from "../../src/core/text.ts";

// What is always said to a terminal that is left.
const plain = "\u001b[<u\u001b[>4m\u001b>\u001b[m";

/** The modes after these pieces of output. */
function after(...pieces: string[]) {
  const modes = terminalModes();
  for (const piece of pieces) modes.hear(bytesOf(piece));
  return modes;
}

test("text and colours are no modes", () => {
  const modes = after("hello\u001b[31m red\u001b[0m\u001b[2J\u001b[12;4H");
  expect([modes.enter(), modes.undo(), modes.fullScreen]).toEqual(["", plain, false]);
});

test("what is on and what is off is entered elsewhere, and undone in the end", () => {
  const modes = after("\u001b[?2004h text \u001b[?25l");
  expect(modes.enter()).toBe("\u001b[?2004h\u001b[?25l");
  expect(modes.undo()).toBe(`\u001b[?2004l\u001b[?25h${plain}`);
});

test("what is usual again needs neither", () => {
  expect(after("\u001b[?2004h\u001b[?25l", "\u001b[?25h\u001b[?2004l").enter()).toBe("");
  expect(after("\u001b[?2004h\u001b[?25l", "\u001bc").undo()).toBe(plain);
});

test("several in one, modes nobody knows, and a screen of its own", () => {
  const modes = after("\u001b[?1049;1000;31337h");
  expect(modes.enter()).toBe("\u001b[?1049h\u001b[?1000h");
  expect(modes.fullScreen).toBe(true);
  expect(after("\u001b[?1049h", "\u001b[?1049l").fullScreen).toBe(false);
});

test("they are heard wherever the output is cut", () => {
  const text = "x\u001b[?1;2004hy\u001b[?1006h";
  for (let at = 0; at <= text.length; at++)
    for (let to = at; to <= text.length; to++)
      expect(after(text.slice(0, at), text.slice(at, to), text.slice(to)).enter()).toBe(
        "\u001b[?1h\u001b[?2004h\u001b[?1006h",
      );
});
