// Words that make no sense get one clear error, and do nothing.
import { describe, expect, test } from "bun:test";
import { failureIn } from "./json.ts";
import { look } from "./look.ts";
import { places } from "./place.ts";

const place = places();

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

/** `make`, called once: the same answer each time. */
function once<Made>(make: () => Made): () => Made {
  let made: Made | undefined;
  return () => (made ??= make());
}
