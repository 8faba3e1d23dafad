import { expect, test } from "bun:test";
import { keepTail } from "../../src/agents/tail.ts";
import { bytesOf } from "../../src/core/text.ts";

test("the end is kept, however it came, and nothing of what was before", () => {
  const tail = keepTail(5);
  expect(tail.text()).toBe("");
  for (const chunk of ["ab", "cd", "", "efg"]) tail.add(bytesOf(chunk));
  expect(tail.text()).toBe("cdefg");
  tail.add(bytesOf("a long chunk"));
  expect(tail.text()).toBe("chunk");
  tail.add(bytesOf(" \n"));
  expect(tail.text()).toBe("unk");
});

test("a character that is cut in two does not cost the rest", () => {
  const tail = keepTail(5);
  tail.add(bytesOf("überüber"));
  expect(tail.text()).toBe("über");
  tail.add(bytesOf("ü"));
  expect(tail.text()).toBe("berü");
  tail.add(bytesOf("xyz"));
  expect(tail.text()).toBe("üxyz");
  tail.add(bytesOf("z"));
  expect(tail.text()).toBe("\ufffdxyzz");
});

test("as bytes it is as it came, blanks and all", () => {
  const tail = keepTail(5);
  tail.add(bytesOf("abcd \n"));
  expect(Buffer.from(tail.bytes()).toString()).toBe("bcd \n");
});
